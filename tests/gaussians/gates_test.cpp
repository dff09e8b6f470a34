#include "gaussians/train/gates.h"

#include "core/error.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

namespace longtake::gaussians {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;

float gate_at(float probability, const GateShape& shape = {}) {
    return gate_of(gate_logit(probability, shape), shape);
}

TEST(Gates, AreClosedUpToAHalfAndOpenFromFiveMediansOn) {
    for (const float p : {0.F, 0.1F, 0.4999F, 0.5F}) {
        EXPECT_EQ(gate_at(p), 0) << p;
    }
    EXPECT_GT(gate_at(0.501F), 0);
    EXPECT_LT(gate_at(0.846F), 1);
    for (const float p : {0.8474F, 0.9F, 1.F}) {
        EXPECT_EQ(gate_at(p), 1) << p;
    }
    EXPECT_EQ(gate_at(0.5F, kImmersiveGates), 0);
    EXPECT_GT(gate_at(0.501F, kImmersiveGates), 0);
    EXPECT_LT(gate_at(0.916F, kImmersiveGates), 1);
    EXPECT_EQ(gate_at(0.9168F, kImmersiveGates), 1);
    EXPECT_EQ(gate_of(kMostGateLogit, {}), 1);
    EXPECT_EQ(gate_of(kMostGateLogit, kImmersiveGates), 1);
}

TEST(Gates, StartByTheScoresShareOfTheMedian) {
    EXPECT_THAT(gate_probabilities(std::vector<float>{3, 1, 9}, GateStart::Median),
                ElementsAre(0.5F, 0.25F, 0.75F));
    // More than half do not change: every other one is open.
    EXPECT_THAT(gate_probabilities(std::vector<float>{0, 0, 0, 1e-5F}, GateStart::Median),
                ElementsAre(0, 0, 0, FloatNear(1, 1e-6F)));
    EXPECT_THAT(gate_probabilities(std::vector<float>{0, 0}, GateStart::Median), Each(0.F));
    EXPECT_THAT(gate_probabilities(std::vector<float>{0, 4}, GateStart::Open), Each(1.F));
    EXPECT_TRUE(gate_probabilities({}, GateStart::Median).empty());
}

TEST(Gates, StartByTheDeviationFromTheMedian) {
    // median 3, deviations 2, 1, 0, 1, 97 of median 1
    const auto p = gate_probabilities(std::vector<float>{1, 2, 3, 4, 100}, GateStart::Robust);
    for (std::size_t i = 0; i < 4; ++i) {
        const double expected = 1 / (1 + std::exp((2 - static_cast<double>(i)) / 1.0002));
        EXPECT_NEAR(p[i], expected, 1e-6);
    }
    EXPECT_EQ(p[4], 1);
    // Where most do not change, a change well below 2e-4 is none.
    const auto still = gate_probabilities(std::vector<float>{0, 0, 0, 1e-5F}, GateStart::Robust);
    EXPECT_EQ(gate_at(still[0]), 0);
    EXPECT_LT(gate_at(still[3]), 0.06F);
}

TEST(Gates, SlopesAreThoseOfTheFormula) {
    const auto gate = [](double logit) { return 1.51 / (1 + std::exp(-logit / 0.3)) - 0.5; };
    const auto cost = [](double logit) {
        return 1 / (1 + std::exp(-(logit - 0.3 * std::log(0.5 / 1.01))));
    };
    constexpr double kStep = 1e-5;
    for (const double logit : {-0.15, 0.0, 0.4, 1.2}) {
        const auto at = static_cast<float>(logit);
        const double slope = (gate(logit + kStep) - gate(logit - kStep)) / (2 * kStep);
        EXPECT_NEAR(gate_slope(at, 2, {}), 2 * slope, 1e-5) << logit;
        EXPECT_NEAR(gate_of(at, {}), gate(logit), 1e-6) << logit;
        const double costs = (cost(logit + kStep) - cost(logit - kStep)) / (2 * kStep);
        EXPECT_NEAR(gate_cost_slope(at, {}), costs, 1e-5) << logit;
    }
    EXPECT_EQ(gate_slope(-0.3F, 2, {}), 0);  // closed
    EXPECT_EQ(gate_slope(2, 2, {}), 0);      // open
}

TEST(Gates, PooledScoresAreTheLargestOfTheirCube) {
    const std::vector<float> scores{1, 5, 2, 3};
    const std::vector<float> means{0.1F, 0.1F, 0.1F, 0.9F, 0.9F, 0.9F, -0.1F, 0, 0, 1.1F, 0, 0};
    EXPECT_THAT(pooled_scores(scores, means, 1), ElementsAre(5, 5, 2, 3));
    EXPECT_THAT(pooled_scores(scores, means, 0.5), ElementsAre(1, 5, 2, 3));
    EXPECT_THROW(pooled_scores(scores, means, 0), Error);
}

}  // namespace
}  // namespace longtake::gaussians
