#include "core/canvas.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace longtake {
namespace {

// What was laid on a black image, in whole pixels of white.
double covered(const Tensor& image) {
    double sum = 0;
    for (const uint8_t v : image.values<uint8_t>()) {
        sum += v;
    }
    return sum / (3 * 255);
}

Tensor black(int64_t height = 40, int64_t width = 60) {
    return Tensor::zeros({height, width, 3}, DType::U8);
}

TEST(Canvas, CoversAsMuchAsTheShapeIsLarge) {
    Tensor image = black();
    draw_disc(image, {30.2F, 19.7F}, 10, {});
    EXPECT_NEAR(covered(image), 100 * std::numbers::pi, 3);
    image = black();
    draw_line(image, {10, 10}, {50, 30}, 3, {});
    EXPECT_NEAR(covered(image), 3 * std::hypot(40, 20) + 2.25 * std::numbers::pi, 2);
    image = black();
    draw_ring(image, {30, 20}, 8, 2, {});
    EXPECT_NEAR(covered(image), 2 * 2 * 8 * std::numbers::pi, 3);
    EXPECT_EQ(image.data<uint8_t>()[3 * (20 * 60 + 30)], 0);
}

TEST(Canvas, TheFirstPixelIsAroundOneHalf) {
    Tensor image = black();
    draw_disc(image, {0.5F, 0.5F}, 0.5F, {.colour = {10, 20, 30}});
    EXPECT_EQ(image.data<uint8_t>()[0], 10);
    EXPECT_EQ(image.data<uint8_t>()[2], 30);
    EXPECT_EQ(image.data<uint8_t>()[3], 0);
}

TEST(Canvas, InkMayShowWhatIsBelow) {
    Tensor image = black();
    draw_disc(image, {30, 20}, 5, {.colour = {200, 100, 0}, .opacity = 0.5F});
    const uint8_t* middle = image.data<uint8_t>() + 3 * (20 * 60 + 30);
    EXPECT_EQ(middle[0], 100);
    EXPECT_EQ(middle[1], 50);
}

TEST(Canvas, WhatIsOutsideIsLeftOut) {
    Tensor image = black();
    draw_line(image, {-1e9F, -1e9F}, {-5, -5}, 3, {});
    draw_disc(image, {1e9F, 20}, 10, {});
    EXPECT_EQ(covered(image), 0);
    draw_line(image, {-1e6F, 20}, {1e6F, 20}, 2, {});
    EXPECT_NEAR(covered(image), 120, 8);
}

}  // namespace
}  // namespace longtake
