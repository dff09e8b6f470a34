#include "gaussians/train/density.h"

#include "tests/gaussians/training_testing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace longtake::gaussians {
namespace {

// One pulled at and small, one pulled at and wide, one left alone, one faint.
TEST(DensityControl, ClonesSplitsAndPrunes) {
    const Cloud cloud = round_gaussians({-6, 0, -6, -6}, {0, 0.5F, 1, -9});
    DensityControl density({.gradient = 2e-4});
    density.observe(screen_gradient({3e-4F, 0, 0, 3e-4F, 1e-4F, 0, 3e-4F, 0}));
    const Regrowth rows = density.run(cloud, 1.0);
    EXPECT_EQ(rows.sources, (std::vector<int32_t>{0, 2, 0, 1, 1}));  // clone of 0, two parts of 1
    EXPECT_EQ(rows.moments, (std::vector<int32_t>{0, 2, -1, -1, -1}));
    EXPECT_EQ(rows.opacities, (std::vector<float>{0, 1, 0, 0.5F, 0.5F}));
    EXPECT_EQ(rows.spread, (std::vector<float>{0, 0, 0, 1, 1}));
    const float shrink = -std::log(1.6F);
    EXPECT_EQ(rows.scaling[2], 0);
    EXPECT_NEAR(rows.scaling[3], shrink, 1e-6);
    EXPECT_NEAR(rows.scaling[4], shrink, 1e-6);
    // Nothing has been seen since, so that nothing multiplies.
    EXPECT_EQ(density.run(cloud, 1.0).sources, (std::vector<int32_t>{0, 1, 2}));
}

TEST(DensityControl, TheMeanIsOverTheViewsThatShowIt) {
    const Cloud cloud = round_gaussians({-6, -6}, {0, 0});
    DensityControl density({.gradient = 2e-4});
    density.observe(screen_gradient({3e-4F, 0, 3e-4F, 0}));
    GradientTensors unseen = screen_gradient({0, 0, 0, 0});
    unseen.tiles.data<int32_t>()[0] = 0;
    density.observe(unseen);
    EXPECT_EQ(density.run(cloud, 1.0).sources, (std::vector<int32_t>{0, 1, 0}));
}

TEST(DensityControl, KeepsToItsLimit) {
    const Cloud cloud = round_gaussians({-9, -9, -9}, {0, 0, 0});
    DensityControl density({.max_gaussians = 4});
    density.observe(screen_gradient({1, 0, 3, 0, 2, 0}));
    // The one that was pulled at most.
    EXPECT_EQ(density.run(cloud, 1.0).sources, (std::vector<int32_t>{0, 1, 2, 1}));
}

TEST(DensityControl, SomeDoNotMultiply) {
    const Cloud cloud = round_gaussians({-1, 1, -1}, {0, 0, 0});
    DensityControl density({.widest = 1});
    density.observe(screen_gradient({1, 0, 1, 0, 1, 0}));
    const std::vector<uint8_t> may{1, 1, 0};
    EXPECT_EQ(density.run(cloud, 1.0, may).sources, (std::vector<int32_t>{1, 2, 0, 0}));
}

TEST(Scatter, MovesByStandardDeviations) {
    Cloud cloud = round_gaussians({0, 0, 2}, {0, 0, 0});
    scatter(cloud, Tensor::from(std::vector<float>{0, 1, 1}, {3}),
            Tensor::from(std::vector<float>{0, -0.5F, 1}, {3}), 7);
    const auto means = cloud.means.values<float>(), scales = cloud.log_scales.values<float>();
    EXPECT_EQ(means[0], 0);
    EXPECT_NE(means[3], 10);
    EXPECT_LT(std::abs(means[3] - 10), 5);
    EXPECT_EQ(scales[0], 0);
    EXPECT_FLOAT_EQ(scales[4], -0.5F);
    EXPECT_FLOAT_EQ(scales[8], 3);
    EXPECT_THROW(scatter(cloud, Tensor::zeros({2}), Tensor::zeros({3}), 7), Error);
}

}  // namespace
}  // namespace longtake::gaussians
