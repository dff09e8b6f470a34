#include "gaussians/formats/points_file.h"

#include "core/error.h"
#include "tests/gaussians/dataset_testing.h"

#include <gmock/gmock.h>

#include <string>

namespace longtake::gaussians {
namespace {

using ::testing::HasSubstr;

constexpr const char* kPlaces =
    "property float x\nproperty float y\nproperty float z\nproperty uchar red\n"
    "property uchar green\nproperty uchar blue\n";

std::string ply(const std::string& count, const std::string& properties, const std::string& rows) {
    return "ply\nformat binary_little_endian 1.0\nelement vertex " + count + "\n" + properties +
           "end_header\n" + rows;
}

std::string complaint(const std::filesystem::path& path) {
    try {
        read_points(path);
    } catch (const InputError& e) {
        return e.what();
    }
    return "no complaint";
}

TEST(PointsFile, PlacesAndColours) {
    const TemporaryFolder folder;
    const std::string row("\0\0\x80\x3f\0\0\0\x40\0\0\0\xc0\x01\x02\xff", 15);  // 1, 2, -2
    write_file(folder / "a.ply", ply("1", kPlaces, row));
    const Points points = read_points(folder / "a.ply");
    EXPECT_EQ(points.positions, (std::vector<float>{1, 2, -2}));
    EXPECT_EQ(points.colours, (std::vector<uint8_t>{1, 2, 255}));
}

TEST(PointsFile, BadOnesAreOneClearLine) {
    const TemporaryFolder folder;
    const auto file = folder / "b.ply";
    write_file(file, ply("1000000000000", kPlaces, ""));
    EXPECT_THAT(complaint(file), HasSubstr("1000000000000 rows"));
    write_file(file, ply("1000000000000", "", ""));
    EXPECT_THAT(complaint(file), HasSubstr("b.ply"));
    write_file(file, ply("1", "property float x\nproperty float y\n", std::string(8, '\0')));
    EXPECT_THAT(complaint(file), HasSubstr("z"));
    write_file(file, ply("1", kPlaces, std::string("\0\0\xc0\x7f", 4) + std::string(11, '\0')));
    EXPECT_THAT(complaint(file), HasSubstr("no number"));
}

}  // namespace
}  // namespace longtake::gaussians
