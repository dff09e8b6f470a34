#include "gaussians/train/density.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace longtake::gaussians {
namespace {

// One pulled at and small, one pulled at and wide, one left alone, one faint.
TEST(DensityControl, ClonesSplitsAndPrunes) {
    Attributes<float> g(4, 0);
    g.opacities = {0, 0, 0, -9};
    for (std::size_t i = 0; i < 4; ++i) {
        g.means[3 * i] = static_cast<float>(10 * i);
        g.rotations[4 * i] = 1;
        std::fill_n(g.log_scales.begin() + static_cast<std::ptrdiff_t>(3 * i), 3,
                    i == 1 ? 0.F : -6.F);
    }
    TileLists lists{.entries = {}, .tile_begin = {}, .slot_begin = {0, 1, 2, 3, 4}};
    CloudGradient<float> gradient;
    gradient.screen = {3e-4F, 0, 0, 3e-4F, 1e-4F, 0, 3e-4F, 0};
    DensityControl density({.gradient = 2e-4});
    density.observe(gradient, lists);
    Adam adam(4, 0);
    std::mt19937_64 engine(1);
    density.run(g, adam, 1.0, engine);
    ASSERT_EQ(g.count, 5);  // 0, 2, clone of 0, two parts of 1
    EXPECT_EQ(g.means[0], 0);
    EXPECT_EQ(g.means[3], 20);
    EXPECT_EQ(g.means[6], 0);
    EXPECT_EQ(g.log_scales[6], -6);
    for (const std::size_t part : {3, 4}) {
        EXPECT_NEAR(g.log_scales[3 * part], -std::log(1.6), 1e-6);
        EXPECT_NE(g.means[3 * part], 10);
        EXPECT_LT(std::abs(g.means[3 * part] - 10), 5);
    }
    // Nothing has been seen since, so that nothing multiplies.
    density.run(g, adam, 1.0, engine);
    EXPECT_EQ(g.count, 5);
    // Moments have followed the rows: a step of nothing moves nothing but what has moments.
    Attributes<float> slope(5, 0);
    adam.step(g, slope, {1, 1, 1, 1, 1, 1});
    EXPECT_EQ(g.means[3], 20);
}

TEST(DensityControl, KeepsToItsLimit) {
    Attributes<float> g(3, 0);
    g.rotations = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    std::ranges::fill(g.log_scales, -9.F);
    g.means = {1, 0, 0, 2, 0, 0, 3, 0, 0};
    TileLists lists{.entries = {}, .tile_begin = {}, .slot_begin = {0, 1, 2, 3}};
    CloudGradient<float> gradient;
    gradient.screen = {1, 0, 3, 0, 2, 0};
    DensityControl density({.max_gaussians = 4});
    density.observe(gradient, lists);
    Adam adam(3, 0);
    std::mt19937_64 engine(1);
    density.run(g, adam, 1.0, engine);
    ASSERT_EQ(g.count, 4);
    EXPECT_EQ(g.means[9], 2);  // the one that was pulled at most
}

}  // namespace
}  // namespace longtake::gaussians
