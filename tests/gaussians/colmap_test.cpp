#include "tests/core/zip_testing.h"
#include "tests/gaussians/cloud_testing.h"
#include "tests/gaussians/dataset_testing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string real(double value) {
    return little(std::bit_cast<uint64_t>(value), 8);
}

std::string reals(std::initializer_list<double> values) {
    std::string text;
    for (const double v : values) {
        text += real(v);
    }
    return text;
}

const double kHalf = std::sqrt(0.5);

// Two cameras of 80x60 pixels, one with a lens, and two points.
std::string cameras_bin() {
    return little(2, 8) + little(7, 4) + little(1, 4) + little(80, 8) + little(60, 8) +
           reals({50, 55, 41, 29}) + little(9, 4) + little(4, 4) + little(80, 8) + little(60, 8) +
           reals({50, 55, 41, 29, -0.1, 0.01, 0.001, -0.002});
}
std::string images_bin() {
    return little(2, 8) + little(1, 4) + reals({kHalf, 0, kHalf, 0, 0.1, 0.2, 0.3}) + little(9, 4) +
           "b.png" + little(0, 1) + little(1, 8) + std::string(24, 'x') + little(2, 4) +
           reals({2, 0, 0, 0, 1, 2, 3}) + little(7, 4) + "a.png" + little(0, 1) + little(0, 8);
}
std::string points_bin() {
    return little(2, 8) + little(1, 8) + reals({1, 2, 3}) + "\x0a\x14\xfe" + real(0.5) +
           little(1, 8) + std::string(8, 'x') + little(5, 8) + reals({-1, 0, 8}) +
           std::string("\x01\x02\x03") + real(0.5) + little(0, 8);
}

class Colmap : public ::testing::Test {
  protected:
    void write_binary() {
        write_file(sparse / "cameras.bin", cameras_bin());
        write_file(sparse / "images.bin", images_bin());
        write_file(sparse / "points3D.bin", points_bin());
    }
    void write_images(int64_t width, int64_t height) {
        write_picture(folder / "images/a.png", grey(height, width, 10));
        write_picture(folder / "images/b.png", grey(height, width, 20));
    }

    const TemporaryFolder folder;
    const fs::path sparse = folder / "sparse/0";
};

TEST_F(Colmap, BinaryAndTextSayTheSame) {
    write_binary();
    const Dataset binary = Dataset::open(folder.path());
    EXPECT_EQ(binary.layout(), "COLMAP, binary");
    ASSERT_EQ(binary.view_count(), 2u);
    EXPECT_EQ(binary.name(0), "a");
    // 2 w is no rotation; the point (0, 0, 5) is at (1, 2, 8) in the camera.
    const auto [u, v] = project(binary.camera(0), {0, 0, 5});
    EXPECT_NEAR(u, 50. / 8 + 41, 1e-12);
    EXPECT_NEAR(v, 55. * 2 / 8 + 29, 1e-12);
    // A quarter of a turn about y: the world's x is the camera's -z.
    EXPECT_NEAR(binary.camera(1).rotation[6], -1, 1e-12);
    EXPECT_NEAR(binary.camera(1).rotation[2], 1, 1e-12);
    ASSERT_EQ(binary.points().count(), 2);
    EXPECT_EQ(binary.points().positions[5], 8.F);
    EXPECT_EQ(binary.points().colours[2], 254);

    fs::remove_all(sparse);
    write_file(sparse / "cameras.txt",
               "# a comment\n7 PINHOLE 80 60 50 55 41 29\n"
               "9 OPENCV 80 60 50 55 41 29 -0.1 0.01 0.001 -0.002\n");
    write_file(sparse / "images.txt",
               "# two lines each\n1 0.70710678118654752 0 0.70710678118654752 0 0.1 0.2 0.3 9 "
               "b.png\n1.5 2.5 -1\n2 2 0 0 0 1 2 3 7 a.png\n\n");
    write_file(sparse / "points3D.txt", "1 1 2 3 10 20 254 0.5 1 0\n5 -1 0 8 1 2 3 0.5\n");
    const Dataset text = Dataset::open(sparse);  // the model itself will do
    EXPECT_EQ(text.layout(), "COLMAP, text");
    for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(text.name(i), binary.name(i));
        EXPECT_EQ(text.camera(i).fx, binary.camera(i).fx);
        EXPECT_EQ(text.camera(i).translation, binary.camera(i).translation);
        for (size_t k = 0; k < 9; ++k) {
            EXPECT_NEAR(text.camera(i).rotation[k], binary.camera(i).rotation[k], 1e-15);
        }
    }
    EXPECT_EQ(text.points().positions, binary.points().positions);
    EXPECT_EQ(text.points().colours, binary.points().colours);
}

TEST_F(Colmap, PicturesSayHowLargeTheyAre) {
    write_binary();
    write_images(40, 30);  // half the size that was calibrated
    Dataset dataset = Dataset::open(folder.path());
    EXPECT_EQ(dataset.frame_count(), 1);
    EXPECT_EQ(dataset.camera(0).width, 40);
    EXPECT_EQ(dataset.camera(0).fx, 25);
    EXPECT_EQ(dataset.camera(0).cy, 14.5);
    EXPECT_EQ(level_of(dataset.image(0, 0)), 10);
    const auto straight = dataset.image(1, 0);
    EXPECT_EQ(level_of(straight), 20);
    EXPECT_EQ(straight->shape(), (Shape{30, 40, 3}));
    EXPECT_FALSE(dataset.image(0, 1).has_value());
    // Converted since, or gone.
    fs::rename(folder / "images/a.png", folder / "images/a.jpg");
    EXPECT_EQ(level_of(Dataset::open(folder.path()).image(0, 0)), 10);
    fs::remove(folder / "images/a.jpg");
    Dataset part = Dataset::open(folder.path());  // cameras do without
    EXPECT_EQ(part.camera(0).width, 80);          // as it was calibrated
    EXPECT_THROW(part.image(0, 0), InputError);
}

TEST_F(Colmap, KnowsTheModels) {
    const auto lens_of = [&](const std::string& line) {
        write_file(sparse / "cameras.txt", "1 " + line + "\n");
        write_file(sparse / "images.txt", "1 1 0 0 0 0 0 0 1 a.png\n\n");
        return Dataset::open(folder.path()).camera(0);
    };
    EXPECT_EQ(lens_of("SIMPLE_PINHOLE 80 60 50 40 30").fy, 50);
    EXPECT_EQ(lens_of("SIMPLE_PINHOLE 80 60 50 42 31").cy, 31);
    // These curve lines outwards: a longer focal length keeps to what was seen.
    EXPECT_GT(lens_of("SIMPLE_RADIAL 80 60 50 40 30 0.1").fx, 50);
    EXPECT_GT(lens_of("RADIAL 80 60 50 40 30 0.1 0").fx, 50);
    EXPECT_GT(lens_of("FULL_OPENCV 80 60 50 50 40 30 0.1 0 0 0 0 0 0 0").fx, 50);
    // And these inwards.
    EXPECT_LT(lens_of("OPENCV 80 60 50 50 40 30 -0.1 0 0 0").fx, 50);
    EXPECT_LT(lens_of("OPENCV_FISHEYE 80 60 50 50 40 30 0 0 0 0").fx, 50);
    EXPECT_LT(lens_of("SIMPLE_RADIAL_FISHEYE 80 60 50 40 30 0").fx, 50);
    EXPECT_LT(lens_of("RADIAL_FISHEYE 80 60 50 40 30 0 0").fx, 50);
    EXPECT_LT(lens_of("FOV 80 60 50 50 40 30 0.9").fx, 50);
    EXPECT_LT(lens_of("THIN_PRISM_FISHEYE 80 60 50 50 40 30 0 0 0 0 0 0 0 0").fx, 50);
    for (const char* bad :
         {"FISHY 80 60 50 50 40 30 0.1", "PINHOLE 80 60 50 50 40", "PINHOLE 80 0 50 50 40 30",
          "PINHOLE 80 60 0 50 40 30", "PINHOLE 80 60 nan 50 40 30", "PINHOLE"}) {
        EXPECT_THROW(lens_of(bad), InputError) << bad;
    }
}

TEST_F(Colmap, DamagedFilesAreOneClearLine) {
    write_binary();
    const auto expect = [&](const char* file, const std::string& content, const std::string& said) {
        write_file(sparse / file, content);
        EXPECT_THAT(dataset_complaint(folder.path()),
                    AllOf(HasSubstr(said), HasSubstr(file), Not(HasSubstr("\n"))));
        write_binary();
    };
    for (const auto& [file, content] : {std::pair{"cameras.bin", cameras_bin()},
                                        {"images.bin", images_bin()},
                                        {"points3D.bin", points_bin()}}) {
        for (size_t size = 0; size < content.size(); ++size) {
            write_file(sparse / file, content.substr(0, size));
            EXPECT_THROW(Dataset::open(folder.path()), InputError) << file << " of " << size;
        }
        expect(file, little(1'000'000'000'000, 8) + content.substr(8), "promises 1000000000000");
    }
    expect("cameras.bin", little(1, 8) + little(1, 4) + little(99, 4) + std::string(64, '\0'),
           "model 99");
    std::string other = images_bin();
    other.replace(8 + 4 + 56, 1, "\x55");  // a camera that is not there
    write_file(sparse / "images.bin", other);
    EXPECT_THAT(dataset_complaint(folder.path()), HasSubstr("camera 85, which is missing"));
    write_binary();
    EXPECT_THAT(dataset_complaint(folder.path()), HasSubstr("a.png"));
    write_file(folder / "empty/x", "");
    EXPECT_THAT(dataset_complaint(folder / "empty"), HasSubstr("no known dataset"));
}

TEST_F(Colmap, AFolderForEachFrame) {
    for (int frame = 0; frame < 3; ++frame) {
        const fs::path at = folder / fmt::format("moments/frame{:06}", frame);
        write_file(at / "sparse/0/cameras.bin", cameras_bin());
        write_file(at / "sparse/0/images.bin", images_bin());
        write_picture(at / "images/a.png", grey(60, 80, 10 + frame));
        write_picture(at / "images/b.png", grey(60, 80, 20 + frame));
    }
    Dataset dataset = Dataset::open(folder / "moments");
    EXPECT_THAT(dataset.layout(), HasSubstr("a folder for each frame"));
    EXPECT_EQ(dataset.frame_count(), 3);
    EXPECT_EQ(level_of(dataset.image(0, 2)), 12);
    EXPECT_EQ(level_of(dataset.image(1, 1)), 21);
    EXPECT_FALSE(dataset.image(1, 3).has_value());
    fs::remove(folder / "moments/frame000001/images/b.png");
    EXPECT_THROW(Dataset::open(folder / "moments").image(1, 1), InputError);
}

// A point has in the pictures the colour that COLMAP noted, if poses, focal lengths and the
// pictures' halved size are understood, and not a few pixels beside it.
TEST(ColmapData, PointsHaveTheirColoursInThePictures) {
    const fs::path real = real_input("n3dv_flame_steak_frame0");
    if (!fs::exists(real)) {
        GTEST_SKIP() << "there is no folder " << real;
    }
    Dataset dataset = Dataset::open(real);
    ASSERT_EQ(dataset.view_count(), 21u);
    EXPECT_EQ(dataset.camera(0).width, 1345);
    EXPECT_NEAR(dataset.camera(0).fx, 1460.643 / 2, 1e-3);
    EXPECT_EQ(dataset.points().count(), 7298);
    const auto error_at = [&](size_t view, double beside) {
        const Tensor image = *dataset.image(view, 0);
        double sum = 0;
        int64_t count = 0;
        for (int64_t i = 0; i < dataset.points().count(); ++i) {
            const float* p = dataset.points().positions.data() + 3 * i;
            const auto [u, v] = project(dataset.camera(view), {p[0], p[1], p[2]});
            const auto x = static_cast<int64_t>(std::floor(u + beside)),
                       y = static_cast<int64_t>(std::floor(v + beside));
            if (x < 0 || x >= image.extent(1) || y < 0 || y >= image.extent(0)) {
                continue;
            }
            for (int64_t c = 0; c < 3; ++c) {
                sum += std::abs(image.data<uint8_t>()[3 * (y * image.extent(1) + x) + c] -
                                dataset.points().colours[static_cast<size_t>(3 * i + c)]);
            }
            ++count;
        }
        return sum / static_cast<double>(3 * count);
    };
    for (const size_t view : {0, 10, 20}) {
        const double right = error_at(view, 0);
        EXPECT_LT(right, 0.7 * error_at(view, 4)) << view;
        EXPECT_LT(right, 0.7 * error_at(view, -4)) << view;
    }
}

}  // namespace
}  // namespace longtake::gaussians
