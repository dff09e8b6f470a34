#include "gaussians/train/mcmc.h"

#include "tests/gaussians/training_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

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
    std::vector<float> opacities(40, -9.F);  // three of four are dead
    for (std::size_t i = 0; i < 40; i += 4) {
        opacities[i] = 2.F;
    }
    std::mt19937_64 engine(1);
    const Mcmc mcmc({.max_gaussians = 41});
    const Regrowth rows = mcmc.run(round_gaussians(std::vector<float>(40), opacities), engine);
    ASSERT_EQ(rows.count(), 41);
    std::vector<int> shares(40);
    for (const int32_t source : rows.sources) {
        EXPECT_EQ(source % 4, 0);
        ++shares[static_cast<std::size_t>(source)];
    }
    for (std::size_t i = 0; i < 41; ++i) {
        const int n = shares[static_cast<std::size_t>(rows.sources[i])];
        EXPECT_EQ(rows.moments[i]<0, n> 1);
        EXPECT_GT(rows.opacities[i], -5.3F) << i;
        EXPECT_NEAR(rows.scaling[i], std::log(share_of(1 / (1 + std::exp(-2.0)), n).scale), 1e-6);
    }
    const Cloud full = round_gaussians(std::vector<float>(41), rows.opacities);
    EXPECT_EQ(mcmc.run(full, engine).count(), 41);
}

TEST(Mcmc, OnlyTheFaintWander) {
    Cloud cloud = round_gaussians({0, 0}, {3, -7}), again = round_gaussians({0, 0}, {3, -7});
    Mcmc({}).perturb(cloud, 1e-3, 5);
    Mcmc({}).perturb(again, 1e-3, 5);
    const auto means = cloud.means.values<float>();
    EXPECT_LT(std::abs(means[0]), 1e-30F);
    EXPECT_GT(std::abs(means[3] - 10), 1e-3F);
    EXPECT_TRUE(std::ranges::equal(again.means.values<float>(), means));
}

TEST(Mcmc, CostsAreSlopes) {
    Cloud cloud = round_gaussians({0, 0}, {0.3F, -1}), gradient = round_gaussians({0, 0}, {0, 0});
    std::ranges::copy(std::vector<float>{0, -1, -2, -1, -1, 0.5F}, cloud.log_scales.data<float>());
    Mcmc({.opacity_cost = 3, .scale_cost = 5}).add_costs(cloud, gradient);
    const double o = 1 / (1 + std::exp(-0.3));
    EXPECT_NEAR(gradient.opacities.values<float>()[0], 3 * o * (1 - o) / 2, 1e-6);
    EXPECT_NEAR(gradient.log_scales.values<float>()[2], 5 * std::exp(-2.0) / 6, 1e-6);
}

}  // namespace
}  // namespace longtake::gaussians
