#include "gaussians/train/rate_control.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace longtake::gaussians {
namespace {

constexpr int64_t kFrames = 30;
constexpr StreamBudget kBytes{.bytes_per_second = 2e6, .seconds_per_frame = {}, .memory_bytes = {}};

// Encoders of scenes that are harder or easier, whose frames vary by a third.
double bytes_of(const Effort& effort, double scene, std::mt19937& engine) {
    std::uniform_real_distribution<double> varies(0.67, 1.33);
    return scene * std::pow(effort.gate_cost / 0.012, -0.4) * varies(engine);
}

TEST(RateControl, SegmentsKeepTheirBytes) {
    std::mt19937 engine(1);
    for (const double scene : {2e4, 5e4, 2e5}) {
        RateControl control(kBytes, {.rounds = 14, .gate_cost = 0.012}, kFrames, 1);
        for (int segment = 0; segment < 3; ++segment) {
            control.begin_segment();
            EXPECT_EQ(control.next().gate_cost, 0.012);
            double bytes = 8e5;
            control.spent(bytes, 1, true);
            EXPECT_NEAR(*control.bytes_a_frame(), 1.2e6 / (kFrames - 1), 1);
            for (int64_t i = 1; i < kFrames; ++i) {
                const double frame = bytes_of(control.next(), scene, engine);
                control.spent(frame, 1, false);
                bytes += frame;
            }
            EXPECT_LT(bytes, 1.06 * 2e6) << scene;
            EXPECT_GT(bytes, 0.85 * 2e6) << scene;
        }
    }
}

TEST(RateControl, AKeyThatTakesAllLeavesLittle) {
    RateControl control(kBytes, {}, kFrames, 1);
    control.begin_segment();
    control.spent(3e6, 1, true);
    EXPECT_NEAR(*control.bytes_a_frame(), 0.02 * 2e6 / kFrames, 1);
    control.spent(1e5, 1, false);
    EXPECT_EQ(control.next().gate_cost, 0.32);  // the most in one step
}

TEST(RateControl, RoundsFillTheTime) {
    RateControl control({.bytes_per_second = {}, .seconds_per_frame = 1.5, .memory_bytes = {}},
                        {.rounds = 10}, kFrames, 1);
    EXPECT_FALSE(control.bytes_a_frame().has_value());
    for (int i = 0; i < 20; ++i) {
        control.spent(1e5, 0.25 * static_cast<double>(control.next().rounds), false);
    }
    EXPECT_EQ(control.next().rounds, 6);
    EXPECT_EQ(control.next().gate_cost, 0.01);
    for (int i = 0; i < 20; ++i) {  // the machine has less to do
        control.spent(1e5, 0.001, false);
    }
    EXPECT_EQ(control.next().rounds, 30);
}

TEST(RateControl, GaussiansFitKeysAndMemory) {
    EXPECT_EQ(most_gaussians(kBytes, 1, 1), 56737);
    EXPECT_EQ(most_gaussians(kBytes, 4, 1), 226950);
    const StreamBudget memory{.bytes_per_second = {}, .seconds_per_frame = {}, .memory_bytes = 2e9};
    EXPECT_NEAR(static_cast<double>(most_gaussians(memory, 1, 19 * 1352 * 1014)), 185'200, 200);
    EXPECT_EQ(most_gaussians(memory, 1, int64_t{1} << 40), 1);
    EXPECT_GT(most_gaussians({}, 1, 1), 1'000'000'000);
}

}  // namespace
}  // namespace longtake::gaussians
