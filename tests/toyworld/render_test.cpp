#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tools/toyworld/toyworld.h"

namespace {

constexpr int kWidth = 96, kHeight = 54, kFrames = 84;
constexpr size_t kArea = kWidth * kHeight;

TEST(Render, SameSeedSamePixels) {
    const uint64_t seeds[2] = {11, 12};
    constexpr int kShort = 4;
    std::vector<uint8_t> a(2 * kShort * kArea * 3), b(a.size()), second(a.size() / 2);
    ASSERT_EQ(ltw_render_cpu(seeds, 2, kWidth, kHeight, kShort, 16, 4, a.data(), nullptr, nullptr),
              0);
    ASSERT_EQ(ltw_render_cpu(seeds, 2, kWidth, kHeight, kShort, 16, 4, b.data(), nullptr, nullptr),
              0);
    EXPECT_EQ(a, b);
    // A clip does not depend on its neighbours in the batch.
    ASSERT_EQ(ltw_render_cpu(seeds + 1, 1, kWidth, kHeight, kShort, 16, 4, second.data(), nullptr,
                             nullptr),
              0);
    EXPECT_TRUE(std::equal(second.begin(), second.end(),
                           a.begin() + static_cast<std::ptrdiff_t>(second.size())));
}

TEST(Render, BadArgumentsAreRefused) {
    const uint64_t seed = 1;
    uint8_t rgb[3];
    EXPECT_EQ(ltw_render_cpu(&seed, 1, 0, 1, 1, 16, 1, rgb, nullptr, nullptr), -1);
    EXPECT_EQ(ltw_render_cpu(nullptr, 1, 1, 1, 1, 16, 1, rgb, nullptr, nullptr), -1);
    EXPECT_EQ(ltw_render_cpu(&seed, 1, 1, 1, 1, 16, 1, rgb, nullptr, nullptr), 0);
}

// What the script describes is in the picture, most of the time and at a fair size.
TEST(Render, DescribedObjectsAreVisible) {
    int described = 0, seen = 0, empty = 0, total = 0;
    double share = 0;
    std::vector<uint8_t> mask(kFrames * kArea);
    std::vector<float> depth(mask.size());
    for (uint64_t seed = 1000; seed < 1060; ++seed) {
        ltw_script script{};
        ltw_describe(seed, kFrames, &script);
        ASSERT_EQ(ltw_render_cpu(&seed, 1, kWidth, kHeight, kFrames, 16, 1, nullptr, mask.data(),
                                 depth.data()),
                  0);
        for (int t = 0; t < kFrames; t += 6) {
            const int k = script.segment_count == 2 && t >= script.switch_frame + 12 ? 1 : 0;
            if (k == 0 && script.segment_count == 2 && t >= script.switch_frame) {
                continue;  // in the middle of the change
            }
            const ltw_segment& s = script.segments[k];
            std::array<int, 5> pixels{};
            const auto first = mask.begin() + static_cast<std::ptrdiff_t>(t * kArea);
            std::for_each(first, first + kArea, [&](uint8_t m) { ++pixels.at(m); });
            ++total;
            empty += pixels[0] == static_cast<int>(kArea);
            share += 1 - pixels[0] / static_cast<double>(kArea);
            for (int i = 0; i < s.object_count; ++i) {
                if (s.objects[i].motion != 12 && !(s.objects[i].motion == 11 && k == 0)) {
                    ++described;
                    seen += pixels.at(static_cast<size_t>(i) + 1) >= 12;
                }
            }
        }
    }
    RecordProperty("mean_object_share_percent", static_cast<int>(100 * share / total));
    EXPECT_GT(seen, 0.88 * described) << seen << " of " << described;
    EXPECT_LT(empty, 0.06 * total) << empty << " of " << total;
    EXPECT_GT(share / total, 0.04);
}

TEST(Render, MaskAndDepthAgree) {
    const uint64_t seed = 8;
    std::vector<uint8_t> mask(kArea);
    std::vector<float> depth(kArea);
    ASSERT_EQ(ltw_render_cpu(&seed, 1, kWidth, kHeight, 1, 16, 1, nullptr, mask.data(),
                             depth.data()),
              0);
    EXPECT_EQ(depth.front(), 1000);
    EXPECT_LT(depth.back(), 10);
    for (size_t i = 0; i < kArea; ++i) {
        EXPECT_GT(depth[i], 0);
        EXPECT_TRUE(mask[i] == 0 || depth[i] < 20) << i;
    }
}

}  // namespace
