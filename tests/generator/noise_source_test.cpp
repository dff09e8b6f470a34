#include "generator/noise_source.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "generator/noise.h"
#include "tests/core/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace longtake::generator {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kFrame = 2 * 3 * 4;

Tensor counted(Shape shape) {
    Tensor t(std::move(shape), DType::F32);
    for (int64_t i = 0; i < t.count(); ++i) {
        t.data<float>()[i] = static_cast<float>(i);
    }
    return t;
}

Tensor filled(const NoiseSource& source, int64_t chunk, int step) {
    Tensor noise({3, 2, 3, 4}, DType::F32);
    source.fill(chunk, 3 * chunk, step, noise);
    return noise;
}

bool equal(const Tensor& a, const Tensor& b) {
    return std::ranges::equal(a.values<float>(), b.values<float>());
}

TEST(NoiseSource, SeededGivesEveryChunkAndStepItsOwn) {
    const auto source = make_seeded_noise(5);
    const Tensor noise = filled(*source, 4, 2);
    std::vector<float> expected(3 * kFrame);
    fill_gaussian({.seed = 5, .chunk = 4, .step = 2}, expected);
    EXPECT_TRUE(std::ranges::equal(noise.values<float>(), expected));
    EXPECT_FALSE(equal(noise, filled(*source, 3, 2)));
    EXPECT_FALSE(equal(noise, filled(*source, 4, 1)));
}

TEST(NoiseSource, FilesGiveFramesAndSteps) {
    const TemporaryFolder folder;
    write_safetensors(folder / "n.safetensors",
                      {{"noise", counted({9, 2, 3, 4})}, {"renoise", counted({2, 9, 2, 3, 4})}});
    const auto source = read_noise(folder / "n.safetensors", 5);
    EXPECT_EQ(filled(*source, 2, 0).data<float>()[1], 6 * kFrame + 1);
    EXPECT_EQ(filled(*source, 2, 1).data<float>()[1], 6 * kFrame + 1);
    EXPECT_EQ(filled(*source, 2, 2).data<float>()[1], (9 + 6) * kFrame + 1);
    EXPECT_THROW(filled(*source, 3, 0), InputError);  // the file ends
    EXPECT_THROW(filled(*source, 0, 3), InputError);
}

TEST(NoiseSource, WithoutRenoiseTheSeedGivesIt) {
    const TemporaryFolder folder;
    write_safetensors(folder / "n.safetensors", {{"noise", counted({9, 2, 3, 4}).to(DType::BF16)}});
    const auto source = read_noise(folder / "n.safetensors", 5);
    EXPECT_TRUE(equal(filled(*source, 1, 1), filled(*make_seeded_noise(5), 1, 1)));
}

TEST(NoiseSource, WrongFilesAreNamed) {
    const TemporaryFolder folder;
    const auto file = folder / "n.safetensors";
    write_safetensors(file, {{"latents", counted({9, 2, 3, 4})}});
    EXPECT_THROW(read_noise(file, 0), InputError);
    write_safetensors(file, {{"noise", counted({9, 2, 3})}});
    EXPECT_THROW(read_noise(file, 0), InputError);
    write_safetensors(file, {{"noise", counted({9, 2, 3, 5})}});
    try {
        filled(*read_noise(file, 0), 0, 0);
        FAIL() << "accepted";
    } catch (const InputError& e) {
        EXPECT_THAT(e.what(), HasSubstr("n.safetensors"));
        EXPECT_THAT(e.what(), HasSubstr("[3, 2, 3, 5] do not fit the model's [3, 2, 3, 4]"));
    }
}

}  // namespace
}  // namespace longtake::generator
