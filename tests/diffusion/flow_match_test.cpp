#include "diffusion/flow_match.h"

#include <gtest/gtest.h>

#include <array>

namespace longtake::diffusion {
namespace {

TEST(FlowMatch, WarpsTheStepListOfTheReferenceConfig) {
    const std::array<int, 4> steps{1000, 750, 500, 250};
    const std::vector<double> t = FlowMatchSchedule(5.0).warp(steps);
    EXPECT_NEAR(t[0], 1000.0, 1e-9);
    EXPECT_NEAR(t[1], 937.5, 1e-9);
    EXPECT_NEAR(t[2], 833.0 + 1.0 / 3.0, 1e-9);
    EXPECT_NEAR(t[3], 625.0, 1e-9);
    EXPECT_NEAR(FlowMatchSchedule(8.0).warp(steps)[3], 8000.0 / 11.0, 1e-9);
}

TEST(FlowMatch, CleanPredictionInvertsTheNoise) {
    const std::array<float, 3> clean{0.5f, -1.0f, 2.0f};
    const std::array<float, 3> noise{1.0f, 0.25f, -2.0f};
    std::array<float, 3> noisy{};
    std::array<float, 3> flow{};
    std::array<float, 3> back{};
    add_noise(clean.data(), noise.data(), 0.625, noisy.data(), 3);
    for (size_t i = 0; i < 3; ++i) {
        flow[i] = noise[i] - clean[i];
    }
    predict_clean(noisy.data(), flow.data(), 0.625, back.data(), 3);
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(back[i], clean[i], 1e-6) << "value " << i;
    }
}

}  // namespace
}  // namespace longtake::diffusion
