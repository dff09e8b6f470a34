#include "gaussians/scene/camera.h"

#include <gtest/gtest.h>

namespace longtake::gaussians {
namespace {

TEST(Camera, CentreIsWhatThePoseMapsToZero) {
    Camera camera;
    camera.rotation = {0, 0, 1, 1, 0, 0, 0, 1, 0};
    camera.translation = {1, 2, 3};
    const std::array<double, 3> c = camera.centre();
    EXPECT_DOUBLE_EQ(c[2] + 1, 0);
    EXPECT_DOUBLE_EQ(c[0] + 2, 0);
    EXPECT_DOUBLE_EQ(c[1] + 3, 0);
}

TEST(Camera, ResizingKeepsTheView) {
    const Camera camera{.width = 200, .height = 100, .fx = 150, .fy = 160, .cx = 90, .cy = 55};
    const Camera half = camera.resized(100, 50);
    // A ray through a point projects to the same share of the picture.
    const double x = 0.3, y = -0.2;
    EXPECT_DOUBLE_EQ((half.fx * x + half.cx) / 100, (camera.fx * x + camera.cx) / 200);
    EXPECT_DOUBLE_EQ((half.fy * y + half.cy) / 50, (camera.fy * y + camera.cy) / 100);
}

}  // namespace
}  // namespace longtake::gaussians
