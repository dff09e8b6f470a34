#include "core/pinhole.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(Pinhole, CentreIsWhatThePoseMapsToZero) {
    Pinhole camera;
    camera.rotation = {0, 0, 1, 1, 0, 0, 0, 1, 0};
    camera.translation = {1, 2, 3};
    const std::array<double, 3> c = camera.centre();
    EXPECT_DOUBLE_EQ(c[2] + 1, 0);
    EXPECT_DOUBLE_EQ(c[0] + 2, 0);
    EXPECT_DOUBLE_EQ(c[1] + 3, 0);
}

TEST(Pinhole, WhatIsSeenIsUnprojectedToWhereItIs) {
    Pinhole camera{.width = 200, .height = 100, .fx = 150, .fy = 160, .cx = 90, .cy = 55};
    camera.rotation = {0.8, 0, 0.6, 0, 1, 0, -0.6, 0, 0.8};
    camera.translation = {0.1, -0.2, 3};
    const std::array<double, 3> point{0.3, -0.4, 0.5};
    const auto seen = camera.seen(point);
    EXPECT_DOUBLE_EQ(seen[0], 0.8 * 0.3 + 0.6 * 0.5 + 0.1);
    const auto pixel = camera.projected(seen);
    EXPECT_DOUBLE_EQ(pixel[1], 160 * seen[1] / seen[2] + 55);
    const auto again = camera.unprojected(pixel[0], pixel[1], seen[2]);
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(again[i], point[i], 1e-12);
    }
}

TEST(Pinhole, ResizingKeepsTheView) {
    const Pinhole camera{.width = 200, .height = 100, .fx = 150, .fy = 160, .cx = 90, .cy = 55};
    const Pinhole half = camera.resized(100, 50);
    // A ray through a point projects to the same share of the picture.
    const double x = 0.3, y = -0.2;
    EXPECT_DOUBLE_EQ((half.fx * x + half.cx) / 100, (camera.fx * x + camera.cx) / 200);
    EXPECT_DOUBLE_EQ((half.fy * y + half.cy) / 50, (camera.fy * y + camera.cy) / 100);
}

}  // namespace
}  // namespace longtake
