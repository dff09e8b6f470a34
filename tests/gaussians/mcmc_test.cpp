#include "gaussians/train/mcmc.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace longtake::gaussians {
namespace {

// The blend of n shares along a line through their centre, against the one that they replace.
TEST(Mcmc, SharesAddUpToTheWhole) {
    for (const double opacity : {0.1, 0.7, 0.95}) {
        for (const int n : {1, 2, 5}) {
            const Share share = share_of(opacity, n);
            EXPECT_NEAR(1 - std::pow(1 - share.opacity, n), opacity, 1e-12);
            double whole = 0, blend = 0;
            for (double x = -20; x < 20; x += 0.01) {
                const double narrow = x / share.scale;
                whole += opacity * std::exp(-0.5 * x * x);
                blend += 1 - std::pow(1 - share.opacity * std::exp(-0.5 * narrow * narrow), n);
            }
            EXPECT_NEAR(blend / whole, 1, 1e-9) << opacity << ' ' << n;
        }
    }
}

TEST(Mcmc, MovesTheDeadAndGrowsToItsLimit) {
    Attributes<float> g(40, 0);
    for (std::size_t i = 0; i < 40; ++i) {
        g.means[3 * i] = static_cast<float>(i);
        g.rotations[4 * i] = 1;
        g.opacities[i] = i % 4 == 0 ? 2.F : -9.F;  // three of four are dead
    }
    Adam adam(40, 0);
    std::mt19937_64 engine(1);
    const Mcmc mcmc({.max_gaussians = 41});
    mcmc.run(g, adam, engine);
    ASSERT_EQ(g.count, 41);
    for (std::size_t i = 0; i < 41; ++i) {
        EXPECT_EQ(static_cast<int>(g.means[3 * i]) % 4, 0) << i;
        EXPECT_GT(g.opacities[i], -5.3F) << i;
    }
    mcmc.run(g, adam, engine);
    EXPECT_EQ(g.count, 41);
}

TEST(Mcmc, OnlyTheFaintWander) {
    Attributes<float> g(2, 0);
    g.rotations = {1, 0, 0, 0, 1, 0, 0, 0};
    g.opacities = {3, -7};
    Mcmc({}).perturb(g, 1e-3, 5);
    EXPECT_LT(std::abs(g.means[0]), 1e-30F);
    EXPECT_GT(std::abs(g.means[3]), 1e-3F);
    Attributes<float> again(2, 0);
    again.rotations = g.rotations;
    again.opacities = g.opacities;
    Mcmc({}).perturb(again, 1e-3, 5);
    EXPECT_EQ(again.means, g.means);
}

TEST(Mcmc, CostsAreSlopes) {
    Attributes<float> g(2, 0), gradient(2, 0);
    g.opacities = {0.3F, -1};
    g.log_scales = {0, -1, -2, -1, -1, 0.5F};
    Mcmc({.opacity_cost = 3, .scale_cost = 5}).add_costs(g, gradient);
    const double o = 1 / (1 + std::exp(-0.3));
    EXPECT_NEAR(gradient.opacities[0], 3 * o * (1 - o) / 2, 1e-6);
    EXPECT_NEAR(gradient.log_scales[2], 5 * std::exp(-2.0) / 6, 1e-6);
}

}  // namespace
}  // namespace longtake::gaussians
