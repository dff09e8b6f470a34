#include "tests/gaussians/dataset_testing.h"

#include <gmock/gmock.h>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kMatrix = R"([[1,0,0,1],[0,1,0,2],[0,0,1,3],[0,0,0,1]])";  // at (1, 2, 3)

class Transforms : public ::testing::Test {
  protected:
    Dataset read(const std::string& json) {
        write_file(folder / "transforms.json", json);
        return Dataset::open(folder.path());
    }
    std::string complaint(const std::string& json) {
        write_file(folder / "transforms.json", json);
        return dataset_complaint(folder.path());
    }
    static std::string frame(const std::string& name, const std::string& more = "") {
        return R"({"file_path": ")" + name + R"(", "transform_matrix": )" + kMatrix + more + "}";
    }

    const TemporaryFolder folder;
};

TEST_F(Transforms, TurnsOpenGlIntoOpenCv) {
    const Dataset dataset =
        read(R"({"w": 80, "h": 60, "fl_x": 50, "fl_y": 55, "cx": 41, "cy": 29, "frames": [)" +
             frame("images/a.png") + "]}");
    EXPECT_EQ(dataset.layout(), "transforms.json");
    EXPECT_EQ(dataset.name(0), "a");
    // The camera at (1, 2, 3) looks along -z with y up.
    const auto [u, v] = project(dataset.camera(0), {1.5, 2.25, -2});
    EXPECT_NEAR(u, 41 + 50 * 0.5 / 5, 1e-12);
    EXPECT_NEAR(v, 29 - 55 * 0.25 / 5, 1e-12);
    EXPECT_NEAR(dataset.camera(0).centre()[1], 2, 1e-12);
}

TEST_F(Transforms, FramesMayHaveTheirOwnValues) {
    const Dataset dataset =
        read(R"({"w": 80, "h": 60, "fl_x": 50, "cx": 40, "cy": 30, "k1": 0.1, "frames": [)" +
             frame("b") + "," + frame("a", R"(, "fl_x": 70, "k1": 0)") + "," +
             frame("c", R"(, "camera_model": "OPENCV_FISHEYE", "k1": 0)") + "]}");
    ASSERT_EQ(dataset.view_count(), 3u);
    EXPECT_EQ(dataset.camera(0).fx, 70);
    EXPECT_EQ(dataset.camera(0).fy, 70);
    EXPECT_GT(dataset.camera(1).fx, 50);
    EXPECT_LT(dataset.camera(2).fx, 50);
}

TEST_F(Transforms, NamesTellTheCamerasApart) {
    const std::string start = R"({"w": 80, "h": 60, "fl_x": 50, "frames": [)";
    EXPECT_EQ(read(start + frame("images/b.png") + "," + frame("images/a.png") + "]}").name(0),
              "a");
    const Dataset apart = read(start + frame("./cam1/0.png") + "," + frame("cam0/0.png") + "]}");
    EXPECT_EQ(apart.name(0), "cam0/0");
    EXPECT_EQ(apart.name(1), "cam1/0");
}

// As NeRF's synthetic scenes are: an angle, and neither sizes nor extensions.
TEST_F(Transforms, NerfsOwnFiles) {
    write_picture(folder / "train/r_0.png", grey(60, 80, 33));
    write_file(
        folder / "transforms_train.json",
        R"({"camera_angle_x": 1.5707963267948966, "frames": [)" + frame("./train/r_0") + "]}");
    Dataset dataset = Dataset::open(folder.path());
    EXPECT_EQ(dataset.camera(0).width, 80);
    EXPECT_NEAR(dataset.camera(0).fx, 40, 1e-9);
    EXPECT_EQ(dataset.camera(0).cy, 30);
    EXPECT_EQ(level_of(dataset.image(0, 0)), 33);
}

TEST_F(Transforms, PointsMayBeBeside) {
    write_file(
        folder / "points.ply",
        "ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty float x\nproperty "
        "float y\nproperty float z\nproperty uchar red\nproperty uchar green\nproperty uchar "
        "blue\nend_header\n" +
            std::string("\0\0\x80\x3f\0\0\0\x40\0\0\x80\xbf\x07\x08\xff", 15));
    const Dataset dataset = read(R"({"w": 8, "h": 6, "fl_x": 5, "ply_file_path": "points.ply",
                                     "frames": [)" +
                                 frame("a") + "]}");
    ASSERT_EQ(dataset.points().count(), 1);
    EXPECT_EQ(dataset.points().positions[1], 2.F);
    EXPECT_EQ(dataset.points().colours[2], 255);
}

TEST_F(Transforms, BadInput) {
    const std::string start = R"({"w": 80, "h": 60, "fl_x": 50, "frames": [)";
    EXPECT_THAT(complaint("{"), HasSubstr("transforms.json: is not as expected"));
    EXPECT_THAT(complaint("[]"), HasSubstr("transforms.json: is not as expected"));
    EXPECT_THAT(complaint(start + "]}"), HasSubstr("no frames"));
    EXPECT_THAT(complaint(start + frame("a") + "]}"), HasSubstr("cannot open"));
    EXPECT_THAT(complaint(R"({"w": 80, "h": 60, "frames": [)" + frame("a") + "]}"),
                HasSubstr("focal length"));
    EXPECT_THAT(complaint(R"({"w": 1e300, "h": 60, "fl_x": 5, "frames": [)" + frame("a") + "]}"),
                HasSubstr("x60 pixels"));
    EXPECT_THAT(complaint(R"({"fl_x": 50, "frames": [)" + frame("a") + "]}"),
                HasSubstr("no w and h"));
    EXPECT_THAT(complaint(start + frame("a", R"(, "camera_model": "EQUIRECTANGULAR")") + "]}"),
                HasSubstr("EQUIRECTANGULAR"));
    EXPECT_THAT(complaint(start + R"({"file_path": "a", "transform_matrix": [[1, 2], [3]]}]})"),
                HasSubstr("4x4"));
    EXPECT_THAT(complaint(start + R"({"file_path": "a", "transform_matrix": [[0,0,0,0],[0,0,0,0],
                                      [0,0,0,0],[0,0,0,1]]}]})"),
                HasSubstr("no rotation"));
}

}  // namespace
}  // namespace longtake::gaussians
