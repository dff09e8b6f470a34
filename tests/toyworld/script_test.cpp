#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "tools/toyworld/sample_script.h"
#include "tools/toyworld/toyworld.h"

namespace longtake::toyworld {
namespace {

constexpr int kFrames = 84;

ltw_script describe(uint64_t seed) {
    ltw_script script{};
    EXPECT_EQ(ltw_describe(seed, kFrames, &script), 0);
    return script;
}

TEST(Script, SameSeedSameScript) {
    for (uint64_t seed = 0; seed < 200; ++seed) {
        const ltw_script a = describe(seed), b = describe(seed);
        EXPECT_EQ(std::memcmp(&a, &b, sizeof a), 0) << seed;
    }
}

TEST(Script, EveryScriptIsValidAndPlayable) {
    int switched = 0;
    constexpr int kSeeds = 4000;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        const ltw_script script = describe(seed);
        ASSERT_TRUE(is_valid(script)) << seed;
        for (int k = 0; k < script.segment_count; ++k) {
            EXPECT_TRUE(is_playable(script.segments[k])) << seed;
            EXPECT_GE(script.segments[k].object_count, 1);
            EXPECT_LE(script.segments[k].object_count, 3);
        }
        if (script.segment_count == 2) {
            ++switched;
            EXPECT_EQ(script.switch_frame % 12, 0);
            EXPECT_GE(script.switch_frame, 12);
            EXPECT_LE(script.switch_frame, 72);
            EXPECT_FALSE(same(script.segments[0], script.segments[1])) << seed;
        }
    }
    EXPECT_NEAR(switched / static_cast<double>(kSeeds), 0.5, 0.05);
}

TEST(Script, EveryNameIsDrawn) {
    std::vector<int> seen[6];
    for (int kind = 0; kind < 6; ++kind) {
        int count = 0;
        while (ltw_name(kind, count) != nullptr) {
            ++count;
        }
        EXPECT_GE(count, 4);
        EXPECT_EQ(ltw_name(kind, -1), nullptr);
        seen[kind].resize(static_cast<size_t>(count));
    }
    EXPECT_EQ(ltw_name(6, 0), nullptr);
    for (uint64_t seed = 0; seed < 3000; ++seed) {
        const ltw_script script = describe(seed);
        for (int k = 0; k < script.segment_count; ++k) {
            const ltw_segment& s = script.segments[k];
            ++seen[LTW_SKY].at(static_cast<size_t>(s.sky));
            ++seen[LTW_GROUND].at(static_cast<size_t>(s.ground));
            ++seen[LTW_CAMERA].at(static_cast<size_t>(s.camera));
            for (int i = 0; i < s.object_count; ++i) {
                ++seen[LTW_SHAPE].at(static_cast<size_t>(s.objects[i].shape));
                ++seen[LTW_COLOUR].at(static_cast<size_t>(s.objects[i].colour));
                ++seen[LTW_MOTION].at(static_cast<size_t>(s.objects[i].motion));
            }
        }
    }
    for (int kind = 0; kind < 6; ++kind) {
        for (size_t i = 0; i < seen[kind].size(); ++i) {
            EXPECT_GT(seen[kind][i], 30) << ltw_name(kind, static_cast<int>(i));
        }
    }
}

TEST(Script, BadArgumentsAreRefused) {
    ltw_script script = describe(1);
    EXPECT_EQ(ltw_describe(1, 0, &script), -1);
    EXPECT_EQ(ltw_describe(1, kFrames, nullptr), -1);
    std::vector<float> centres(kFrames * 12), extents(kFrames * 4);
    script.segments[0].objects[0].shape = 99;
    EXPECT_EQ(ltw_states(&script, 1, kFrames, 16, centres.data(), extents.data()), -1);
}

// Unless it leaves the picture on one side and comes back on the other, an object moves smoothly,
// across the switch as well.
TEST(Script, ObjectsMoveContinuously) {
    for (uint64_t seed = 0; seed < 400; ++seed) {
        const ltw_script script = describe(seed);
        std::vector<float> centres(kFrames * 12), extents(kFrames * 4), pixels(kFrames * 2);
        ASSERT_EQ(ltw_states(&script, seed, kFrames, 16, centres.data(), extents.data()), 0);
        for (int t = 1; t < kFrames; ++t) {
            for (int i = 0; i < 4; ++i) {
                const float* now = &centres[static_cast<size_t>(12 * t + 3 * i)];
                const float* before = now - 12;
                const float size = extents[static_cast<size_t>(4 * t + i)];
                const float size_before = extents[static_cast<size_t>(4 * t - 4 + i)];
                ASSERT_TRUE(std::isfinite(now[0] + now[1] + now[2]));
                const float moved = std::hypot(now[0] - before[0], now[1] - before[1]);
                if (size > 0 && size_before > 0 && moved < 3) {
                    EXPECT_LT(moved, 0.45f) << "seed " << seed << " frame " << t;
                    EXPECT_LT(std::abs(now[2] - before[2]), 0.45f) << seed << " frame " << t;
                    EXPECT_GT(now[2], 0.1f * size) << "under the ground, seed " << seed;
                }
            }
        }
    }
}

}  // namespace
}  // namespace longtake::toyworld
