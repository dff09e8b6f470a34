#include "core/error.h"
#include "core/file.h"
#include "core/zip_directory.h"
#include "gaussians/formats/cloud_file.h"
#include "core/compression.h"
#include "tests/core/temporary_folder.h"
#include "tests/core/zip_testing.h"
#include "tests/gaussians/cloud_testing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string complaint(const fs::path& path) {
    try {
        read_cloud(path);
    } catch (const InputError& e) {
        return e.what();
    }
    return "no complaint";
}

struct Hostile {
    const char* name;
    std::string content, said;
};
void PrintTo(const Hostile& hostile, std::ostream* out) {
    *out << hostile.name;
}

std::string ply(const std::string& lines) {
    return "ply\nformat binary_little_endian 1.0\n" + lines + "end_header\n";
}

std::string spz(uint32_t version, uint64_t count, const std::string& more = "") {
    return "NGSP" + little(version, 4) + little(count, 4) + little(3, 1) + little(12, 1) +
           little(0, 2) + more;
}

std::string sog(const std::string& meta) {
    return zip_of({{"meta.json", meta}});
}

const std::string kRow =
    "property float x\nproperty float y\nproperty float z\nproperty float opacity\n";
const Hostile kHostile[] = {
    {"Empty", "", "not a file of Gaussians"},
    {"Text", "hello", "not a file of Gaussians"},
    {"APlyOfABillionTimesAThousand", ply("element vertex 1000000000000\n" + kRow),
     "promises 1000000000000 rows of vertex, but 0 bytes are left"},
    {"APlyOfTwoToThe64", ply("element vertex 18446744073709551615\n" + kRow), "promises"},
    {"APlyOfMore", ply("element vertex 99999999999999999999\n" + kRow), "counts"},
    {"APlyOfRowsWithoutBytes", ply("element vertex 1000000000000\n"), "no property opacity"},
    {"APlyOfMinusOne", ply("element vertex -1\n" + kRow), "counts"},
    {"AnAsciiPly", "ply\nformat ascii 1.0\nend_header\n", "only binary_little_endian"},
    {"ABigEndianPly", "ply\nformat binary_big_endian 1.0\nend_header\n", "binary_big_endian"},
    {"APlyOfPoints", ply("element vertex 0\nproperty float x\nproperty uchar red\n"),
     "coloured points, not of Gaussians"},
    {"APlyOfOddHarmonics", ply("element vertex 0\nproperty float f_rest_0\n" + kRow), "f_rest"},
    {"APlyOfUnknownType", ply("element vertex 0\nproperty quad x\n"), "quad"},
    {"APlyOfFaces", ply("element face 1\nproperty list uchar int i\nelement vertex 1\n" + kRow),
     "no element vertex"},
    {"APlyWithoutAnEnd", "ply\nformat binary_little_endian 1.0\n", "ends too early"},
    {"APlyWithAControlCharacter", ply("element\x1b[2J\n"), "\\u001b"},
    {"ACompressedPlyOfTooFewChunks",
     ply("element chunk 0\nproperty float min_x\nelement vertex 1\nproperty uint "
         "packed_position\n") +
         "1234",
     "0 chunks"},
    {"AnSpzOfTheFuture", spz(5, 1), "version 5"},
    {"AnSpzOfFourBillion", spz(2, 0xffffffff), "promises 4294967295 Gaussians"},
    {"AnSpz4OfFourBillion", spz(4, 0xffffffff, std::string(64, '\0')), "promises 4294967295"},
    {"AnSpz4WithoutATable", spz(4, 1, little(0xffffff, 4)), "table of streams"},
    {"AnSpz4OfHugeStreams",
     "NGSP" + little(4, 4) + little(1, 4) + little(0, 1) + little(12, 1) + little(0, 1) +
         little(5, 1) + little(32, 4) + little(0, 12) + little(~uint64_t{0}, 8) + little(9, 8) +
         std::string(200, '\0'),
     "ends too early"},
    {"AnSpz4OfOtherAxes",
     "NGSP" + little(4, 4) + little(1, 4) + little(0, 1) + little(12, 1) + little(2, 1) +
         little(5, 1) + little(44, 4) + little(0, 12) + little(0xadbe0003, 4) + little(4, 4) +
         little(7, 4) + std::string(200, '\0'),
     "axes"},
    {"ASogWithoutMeta", zip_of({{"readme", "hello"}}), "not a file of Gaussians"},
    {"ASogOfVersion1", sog(R"({"means":{"shape":[1,3]}})"), "version 1"},
    {"ASogThatLeadsOut",
     sog(R"({"version":2,"count":1,"means":{"files":["../../etc/passwd","b"]}})"), "beside it"},
    {"ASogWithoutImages", sog(R"({"version":2,"count":1,"means":{"files":["a.webp","b.webp"]}})"),
     "a.webp"},
    {"ASogOfWords", sog(R"({"version":2,"count":"many","means":{}})"), "not as expected"},
};

class HostileCloud : public testing::TestWithParam<Hostile> {};
INSTANTIATE_TEST_SUITE_P(CloudFile, HostileCloud, testing::ValuesIn(kHostile));

TEST_P(HostileCloud, IsOneClearLine) {
    const TemporaryFolder folder;
    const auto path = write_bytes(folder / "a.bin", GetParam().content);
    const std::string said = complaint(path);
    EXPECT_THAT(said, AllOf(HasSubstr(GetParam().said), HasSubstr("a.bin"), Not(HasSubstr("\n"))));
    EXPECT_LT(said.size(), 400u);
}

// Images that are sound, and a count that is not theirs.
TEST(CloudFile, ASogOfMoreThanItsImages) {
    const TemporaryFolder folder;
    const auto archive = MappedFile::open(kSplats / "cloud.sog");
    const ZipDirectory zip(archive->bytes());
    const auto file_with = [&](const std::string& count) {
        std::vector<ZipEntry> entries;
        for (const std::string& name : zip.names()) {
            const ZipMember member = zip.member(name);
            const auto bytes = member.deflated
                                   ? inflate_raw(member.bytes, member.size)
                                   : std::vector(member.bytes.begin(), member.bytes.end());
            std::string content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            if (name == "meta.json") {
                content.replace(content.find("270"), 3, count);
            }
            entries.push_back({name, content});
        }
        return write_bytes(folder / "a.sog", zip_of(entries));
    };
    EXPECT_EQ(read_cloud(file_with("269")).count(), 269);
    EXPECT_THAT(complaint(file_with("1000000000000")), HasSubstr("too few pixels"));
    EXPECT_THAT(complaint(file_with("-1")), HasSubstr("a.sog"));
    EXPECT_THAT(complaint(file_with("2000")), HasSubstr("too few pixels"));
}

TEST(CloudFile, NoGaussiansAreAFileToo) {
    const TemporaryFolder folder;
    for (const char* name : {"a.ply", "a.spz"}) {
        write_cloud(folder / name, Cloud::sized(0, 2));
        const Cloud cloud = read_cloud(folder / name);
        EXPECT_EQ(cloud.count(), 0);
        EXPECT_EQ(cloud.sh_degree(), 2);
    }
}

const char* const kFiles[] = {"odd.ply",      "packed.compressed.ply", "version1.spz",
                              "version2.spz", "version3.spz",          "version4.spz",
                              "cloud.sog"};

// Nothing but the end of a gzip stream, its checksum, may be missing.
TEST(CloudFile, APrefixIsRefused) {
    const TemporaryFolder folder;
    write_cloud(folder / "tiny.ply", random_cloud(2, 1));
    write_cloud(folder / "tiny.spz", random_cloud(2, 1));
    std::vector<std::pair<fs::path, uintmax_t>> files{{folder / "tiny.ply", 1},
                                                      {folder / "tiny.spz", 1}};
    for (const char* name : kFiles) {
        fs::copy(kSplats / name, folder / name);
        files.emplace_back(folder / name, 61);
    }
    for (const auto& [path, step] : files) {
        const Cloud whole = read_cloud(path);
        for (uintmax_t size = fs::file_size(path); size > step;) {
            size -= step;
            fs::resize_file(path, size);
            try {
                EXPECT_TRUE(equal(read_cloud(path), whole)) << path << " of " << size;
            } catch (const InputError&) {
                continue;
            }
            EXPECT_EQ(path.extension(), ".spz");
        }
    }
}

TEST(CloudFile, FlippedBitsAreRefusedOrRead) {
    const TemporaryFolder folder;
    std::mt19937 random(7);
    for (const char* name : kFiles) {
        const std::string content = read_text(kSplats / name);
        for (int trial = 0; trial < 60; ++trial) {
            std::string flipped = content;
            // Half of them where headers stand.
            const size_t range =
                trial % 2 == 0 ? std::min<size_t>(2048, content.size()) : content.size();
            const size_t at = random() % range;
            flipped[at] = static_cast<char>(flipped[at] ^ (1 << random() % 8));
            write_bytes(folder / "a", flipped);
            try {
                const Cloud cloud = read_cloud(folder / "a");
                EXPECT_LE(cloud.count(), 100'000);
            } catch (const InputError& e) {
                EXPECT_LT(std::string(e.what()).size(), 500u);
            }
        }
    }
}

}  // namespace
}  // namespace longtake::gaussians
