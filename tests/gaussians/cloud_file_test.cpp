#include "gaussians/formats/cloud_file.h"

#include "core/error.h"
#include "core/file.h"
#include "core/safetensors.h"
#include "core/zip_directory.h"
#include "core/compression.h"
#include "tests/core/temporary_folder.h"
#include "tests/gaussians/cloud_testing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <limits>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// What the fixtures hold, before any quantizer.
Cloud true_cloud(int degree) {
    const auto file = SafetensorsFile::open(kSplats / "cloud.safetensors");
    const Tensor all = file->tensor("sh_rest");
    Cloud cloud = Cloud::sized(all.extent(0), degree);
    for (int64_t i = 0; i < cloud.count(); ++i) {
        const auto part = static_cast<size_t>(3 * sh_rest_count(degree));
        std::ranges::copy(all.slice(i, i + 1).values<float>().first(part),
                          cloud.sh_rest.data<float>() + static_cast<int64_t>(part) * i);
    }
    cloud.means = file->tensor("means");
    cloud.log_scales = file->tensor("log_scales");
    cloud.rotations = file->tensor("rotations");
    cloud.opacities = file->tensor("opacities");
    cloud.sh_dc = file->tensor("sh_dc");
    return cloud;
}

// Bounds are half a step of each quantizer, measured errors stand in the comment.
struct Fixture {
    const char *file, *format;
    int degree;
    float means, log_scales, rotations, opacities, sh_dc, sh_rest;
};
void PrintTo(const Fixture& fixture, std::ostream* out) {
    *out << fixture.file;
}
const Fixture kFixtures[] = {
    {"odd.ply", "3DGS PLY", 3, 0, 0, 1e-6F, 0, 0, 0},
    {"packed.compressed.ply", "PlayCanvas compressed PLY", 3, 7e-3F, 4e-3F, 4e-6F, 2.1e-3F, 7e-3F,
     1.7e-2F},
    {"version1.spz", "SPZ 1", 0, 8e-3F, 0.0313F, 4e-3F, 2.1e-3F, 0.0132F, 0},
    {"version2.spz", "SPZ 2", 1, 1.3e-4F, 0.0313F, 4e-3F, 2.1e-3F, 0.0132F, 4e-3F},
    {"version3.spz", "SPZ 3", 2, 1.3e-4F, 0.0313F, 2e-6F, 2.1e-3F, 0.0132F, 4e-3F},
    {"version4.spz", "SPZ 4", 3, 1.3e-4F, 0.0313F, 2e-6F, 2.1e-3F, 0.0132F, 4e-3F},
    {"cloud.sog", "SOG 2", 2, 6e-4F, 0.0145F, 3e-5F, 2.1e-3F, 6e-3F, 3.3e-3F},
};

class CloudFileOf : public testing::TestWithParam<Fixture> {};
INSTANTIATE_TEST_SUITE_P(CloudFile, CloudFileOf, testing::ValuesIn(kFixtures));

TEST_P(CloudFileOf, HoldsWhatOthersWrote) {
    const Fixture& f = GetParam();
    ASSERT_TRUE(is_cloud_file(kSplats / f.file));
    const CloudFile read = read_cloud_file(kSplats / f.file);
    EXPECT_EQ(read.format, f.format);
    ASSERT_EQ(read.cloud.sh_degree(), f.degree);
    const Cloud expected = true_cloud(f.degree);
    ASSERT_EQ(read.cloud.count(), expected.count());
    EXPECT_LE(difference(read.cloud.means, expected.means), f.means);
    EXPECT_LE(difference(read.cloud.log_scales, expected.log_scales), f.log_scales);
    EXPECT_LE(rotation_difference(read.cloud, expected), f.rotations);
    EXPECT_LE(opacity_difference(read.cloud, expected), f.opacities);
    EXPECT_LE(difference(read.cloud.sh_dc, expected.sh_dc), f.sh_dc);
    EXPECT_LE(difference(read.cloud.sh_rest, expected.sh_rest), f.sh_rest);
}

TEST(CloudFile, ASogMayBeAFolder) {
    const TemporaryFolder folder;
    const auto archive = MappedFile::open(kSplats / "cloud.sog");
    const ZipDirectory zip(archive->bytes());
    for (const std::string& name : zip.names()) {
        const ZipMember member = zip.member(name);
        const auto content = member.deflated
                                 ? inflate_raw(member.bytes, member.size)
                                 : std::vector(member.bytes.begin(), member.bytes.end());
        AtomicFile file(folder / name);
        file.write(content);
        file.commit();
    }
    const Cloud expected = read_cloud(kSplats / "cloud.sog");
    ASSERT_TRUE(is_cloud_file(folder.path()));
    EXPECT_TRUE(equal(read_cloud(folder.path()), expected));
    EXPECT_TRUE(equal(read_cloud(folder / "meta.json"), expected));
    fs::remove(folder / "quats.webp");
    EXPECT_THROW(read_cloud(folder.path()), InputError);
}

class CloudOfDegree : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(CloudFile, CloudOfDegree, testing::Range(0, 4));

TEST_P(CloudOfDegree, APlyLosesNothing) {
    const TemporaryFolder folder;
    const Cloud cloud = random_cloud(5000, GetParam());
    write_cloud(folder / "a.ply", cloud);
    EXPECT_TRUE(equal(read_cloud(folder / "a.ply"), cloud));
}

TEST_P(CloudOfDegree, AnSpzLosesHalfAStepAndNothingMore) {
    const TemporaryFolder folder;
    const Cloud cloud = random_cloud(5000, GetParam());
    write_cloud(folder / "a.spz", cloud);
    const Cloud once = read_cloud(folder / "a.spz");
    EXPECT_LE(difference(once.means, cloud.means), 0.5F / 4096 + 1e-6F);
    EXPECT_LE(difference(once.log_scales, cloud.log_scales), 0.5F / 16 + 1e-6F);
    EXPECT_LE(rotation_difference(once, cloud), 4e-6F);  // measured 2e-6
    EXPECT_LE(opacity_difference(once, cloud), 0.5F / 255 + 1e-6F);
    EXPECT_LE(difference(once.sh_dc, cloud.sh_dc), 0.5F / 255 / 0.15F + 1e-5F);
    EXPECT_LE(difference(once.sh_rest, cloud.sh_rest), GetParam() == 1 ? 4.5F / 128 : 8.5F / 128);
    write_cloud(folder / "b.spz", once);
    Cloud twice = read_cloud(folder / "b.spz");
    EXPECT_LE(rotation_difference(twice, once), 2e-6F);  // the largest component may be another
    twice.rotations = once.rotations;
    EXPECT_TRUE(equal(twice, once));
}

TEST(CloudFile, AnSpzReachesAsFarAsTheCloud) {
    const TemporaryFolder folder;
    Cloud cloud = random_cloud(10, 0);
    cloud.means.data<float>()[4] = -300'000;
    write_cloud(folder / "a.spz", cloud);
    EXPECT_LE(difference(read_cloud(folder / "a.spz").means, cloud.means), 0.5F / 16);
    cloud.means.data<float>()[4] = 1e9F;
    EXPECT_THROW(write_cloud(folder / "b.spz", cloud), InputError);
    EXPECT_FALSE(fs::exists(folder / "b.spz"));
}

TEST(CloudFile, GaussiansThatAreNoNumbersAreLeftOut) {
    const TemporaryFolder folder;
    Cloud cloud = random_cloud(5, 1);
    cloud.means.data<float>()[3] = std::nanf("");                               // the second
    std::ranges::fill(cloud.rotations.slice(3, 4).values<float>(), 0.F);        // the fourth
    cloud.opacities.data<float>()[4] = std::numeric_limits<float>::infinity();  // just opaque
    write_cloud(folder / "a.ply", cloud);
    const Cloud read = read_cloud(folder / "a.ply");
    ASSERT_EQ(read.count(), 3);
    EXPECT_EQ(difference(read.means.slice(1, 2), cloud.means.slice(2, 3)), 0);
    EXPECT_EQ(read.opacities.data<float>()[2], 16.F);
}

TEST(CloudFile, IsToldByItsContent) {
    const TemporaryFolder folder;
    fs::copy(kSplats / "version3.spz", folder / "a.ply");
    EXPECT_EQ(read_cloud_file(folder / "a.ply").format, "SPZ 3");
    EXPECT_FALSE(is_cloud_file(kSplats / "cloud.safetensors"));
    EXPECT_FALSE(is_cloud_file(fs::path(LONGTAKE_TEST_FIXTURES) / "checkpoints/lora.pt"));
    EXPECT_FALSE(is_cloud_file(folder.path()));
    EXPECT_THROW(write_cloud(folder / "a.splat", random_cloud(1, 0)), InputError);
}

// The one object in two formats by other programs, Gaussian by Gaussian.
TEST(CloudFile, TheBikerIsTheSameInBothFormats) {
    const fs::path folder = real_input("splats");
    if (!fs::exists(folder)) {
        GTEST_SKIP() << "there is no folder " << folder;
    }
    const Cloud spz = read_cloud(folder / "biker.spz");
    const Cloud ply = read_cloud(folder / "biker.compressed.ply");
    ASSERT_EQ(spz.count(), 152'746);
    EXPECT_LE(difference(spz.means, ply.means), 1e-3F);
    const auto held = [](float log_scale) { return std::max(log_scale, -10.F); };  // by SPZ
    EXPECT_LE(difference(spz.log_scales, ply.log_scales, held), 0.05F);
    EXPECT_LE(rotation_difference(spz, ply), 2e-5F);
    EXPECT_LE(opacity_difference(spz, ply), 3e-3F);
    EXPECT_LE(difference(spz.sh_dc, ply.sh_dc), 0.03F);
}

}  // namespace
}  // namespace longtake::gaussians
