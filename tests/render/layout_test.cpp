#include "render/layout.h"

#include <gtest/gtest.h>

#include <cmath>

namespace longtake::render {
namespace {

TEST(Letterbox, LeavesBarsOnOneSideOnly) {
    EXPECT_EQ(letterbox({0, 0, 1280, 720}, 256, 144), (Rect{0, 0, 1280, 720}));
    EXPECT_EQ(letterbox({0, 0, 1280, 960}, 256, 144), (Rect{0, 120, 1280, 720}));
    EXPECT_EQ(letterbox({0, 0, 2000, 720}, 256, 144), (Rect{360, 0, 1280, 720}));
    EXPECT_EQ(letterbox({10, 20, 256, 144}, 256, 144), (Rect{10, 20, 256, 144}));
}

TEST(Letterbox, StaysInsideAndKeepsTheShape) {
    for (int width = 1; width < 700; width += 37) {
        for (int height = 1; height < 700; height += 41) {
            const Rect area{5, 7, width, height};
            const Rect r = letterbox(area, 832, 480);
            EXPECT_GE(r.x, area.x);
            EXPECT_GE(r.y, area.y);
            EXPECT_LE(r.x + r.width, area.x + area.width);
            EXPECT_LE(r.y + r.height, area.y + area.height);
            EXPECT_TRUE(r.width == area.width || r.height == area.height);
            EXPECT_LE(std::abs(r.width * 480.0 - r.height * 832.0), 832) << width << "x" << height;
        }
    }
}

TEST(Letterbox, NothingHasNoPlace) {
    EXPECT_TRUE(letterbox({0, 0, 0, 100}, 16, 9).empty());
    EXPECT_TRUE(letterbox({0, 0, 100, -5}, 16, 9).empty());
    EXPECT_TRUE(letterbox({0, 0, 100, 100}, 0, 9).empty());
}

}  // namespace
}  // namespace longtake::render
