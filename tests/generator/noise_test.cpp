#include "generator/noise.h"

#include "tests/generator/thread_count.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace longtake::generator {
namespace {

// The known answers published with the Random123 library.
TEST(Noise, PhiloxGivesTheKnownAnswers) {
    EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
              (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
              (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

std::vector<float> noise(NoiseKey key, size_t count) {
    std::vector<float> values(count);
    fill_gaussian(key, values);
    return values;
}

TEST(Noise, IsStandardNormal) {
    const auto values = noise({1, 2, 3}, 400'000);
    double moment[5] = {};
    for (const double v : values) {
        for (int k = 1; k <= 4; ++k) {
            moment[k] += std::pow(v, k) / static_cast<double>(values.size());
        }
    }
    EXPECT_NEAR(moment[1], 0, 0.006);
    EXPECT_NEAR(moment[2], 1, 0.01);
    EXPECT_NEAR(moment[3], 0, 0.03);
    EXPECT_NEAR(moment[4], 3, 0.06);
}

TEST(Noise, DependsOnSeedChunkAndStep) {
    const auto base = noise({1, 2, 3}, 64);
    EXPECT_EQ(noise({1, 2, 3}, 64), base);
    EXPECT_NE(noise({2, 2, 3}, 64), base);
    EXPECT_NE(noise({1, 3, 3}, 64), base);
    EXPECT_NE(noise({1, 2, 4}, 64), base);
    EXPECT_NE(noise({1 + (uint64_t{1} << 40), 2, 3}, 64), base);
    EXPECT_NE(noise({1, 2 + (uint64_t{1} << 40), 3}, 64), base);
}

TEST(Noise, DoesNotDependOnThreadsOrLength) {
    const auto base = noise({1, 2, 3}, 1003);
    {
        const ThreadCount three(3);
        EXPECT_EQ(noise({1, 2, 3}, 1003), base);
    }
    const auto shorter = noise({1, 2, 3}, 501);
    EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), base.begin()));
}

}  // namespace
}  // namespace longtake::generator
