#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tools/toyworld/toyworld.h"

namespace {

constexpr int kWidth = 192, kHeight = 108;
constexpr size_t kArea = kWidth * kHeight;

using Point = std::array<double, 3>;

// The world point of a pixel centre, from its depth.
Point lifted(const float* pose, const float* lens, int x, int y, double depth) {
    const double c[3] = {(x + 0.5 - lens[2]) / lens[0] * depth,
                         (y + 0.5 - lens[3]) / lens[1] * depth, depth};
    Point p{};
    for (size_t i = 0; i < 3; ++i) {
        for (size_t row = 0; row < 3; ++row) {
            p[i] += pose[4 * row + i] * (c[row] - pose[4 * row + 3]);
        }
    }
    return p;
}

Point projected(const float* pose, const float* lens, const Point& p) {
    double c[3];
    for (size_t row = 0; row < 3; ++row) {
        c[row] = pose[4 * row] * p[0] + pose[4 * row + 1] * p[1] + pose[4 * row + 2] * p[2] +
                 pose[4 * row + 3];
    }
    return {c[0] / c[2] * lens[0] + lens[2], c[1] / c[2] * lens[1] + lens[3], c[2]};
}

TEST(Geometry, TracksLieWhereDepthSaysTheyDo) {
    const uint64_t seed = 8;
    constexpr int kFrames = 24, kPoints = 96;
    std::vector<float> depth(kFrames * kArea), pixels(kFrames * kPoints * 2);
    std::vector<float> positions(kFrames * kPoints * 3), poses(kFrames * 16), lens(4);
    std::vector<uint8_t> visible(kFrames * kPoints), mask(kFrames * kArea);
    std::vector<int32_t> slots(kPoints);
    const ltw_rig rig{1, 0, 0};
    ASSERT_EQ(ltw_tracks(nullptr, seed, kWidth, kHeight, kFrames, 16, kPoints, pixels.data(),
                         visible.data(), positions.data(), slots.data()),
              0);
    ASSERT_EQ(ltw_render_views_cpu(nullptr, seed, &rig, kWidth, kHeight, kFrames, 16, 1, nullptr,
                                   mask.data(), depth.data(), poses.data(), lens.data()),
              0);
    int shown = 0, agree = 0;
    for (size_t t = 0; t < kFrames; ++t) {
        for (size_t n = 0; n < kPoints; ++n) {
            const size_t at = t * kPoints + n;
            const Point p{positions[3 * at], positions[3 * at + 1], positions[3 * at + 2]};
            const Point q = projected(&poses[16 * t], lens.data(), p);
            if (visible[at] != 0) {
                EXPECT_NEAR(q[0], pixels[2 * at], 0.01);
                EXPECT_NEAR(q[1], pixels[2 * at + 1], 0.01);
                ++shown;
                bool found = false;  // an edge may pass between the point and its pixel's centre
                for (int k = 0; k < 9 && !found; ++k) {
                    const int x = std::clamp(static_cast<int>(q[0]) + k % 3 - 1, 0, kWidth - 1);
                    const int y = std::clamp(static_cast<int>(q[1]) + k / 3 - 1, 0, kHeight - 1);
                    const size_t pixel = t * kArea + static_cast<size_t>(y * kWidth + x);
                    found = std::abs(depth[pixel] - q[2]) < 0.1 + 0.03 * q[2] &&
                            mask[pixel] == slots[n] + 1;
                }
                agree += found;
            }
        }
    }
    EXPECT_GT(shown, kFrames * kPoints / 5);
    EXPECT_GT(agree, 0.98 * shown);
}

TEST(Geometry, CamerasAgreeOnPoints) {
    const uint64_t seed = 8;
    constexpr int kViews = 5;
    const ltw_rig rig{kViews, 1, 0.8f};
    std::vector<float> depth(kViews * kArea), poses(kViews * 16), lens(kViews * 4);
    ASSERT_EQ(ltw_render_views_cpu(nullptr, seed, &rig, kWidth, kHeight, 1, 16, 1, nullptr, nullptr,
                                   depth.data(), poses.data(), lens.data()),
              0);
    // Points seen by the first camera and not hidden from another lie at that one's depth.
    int compared = 0, agree = 0, in_front = 0;
    for (int y = 20; y < kHeight; y += 4) {
        for (int x = 2; x < kWidth; x += 4) {
            const double d = depth[static_cast<size_t>(y * kWidth + x)];
            if (d > 15) {
                continue;
            }
            const Point p = lifted(poses.data(), lens.data(), x, y, d);
            EXPECT_GT(p[2], -0.01) << "below the ground";
            for (size_t v = 1; v < kViews; ++v) {
                const Point q = projected(&poses[16 * v], &lens[4 * v], p);
                if (q[2] < 0.1 || q[0] < 0 || q[1] < 0 || q[0] >= kWidth || q[1] >= kHeight) {
                    continue;
                }
                const double seen = depth[v * kArea + static_cast<size_t>(q[1]) * kWidth +
                                          static_cast<size_t>(q[0])];
                ++compared;
                agree += std::abs(seen - q[2]) < 0.1 + 0.04 * q[2];
                in_front += seen > q[2] * 1.3;
            }
        }
    }
    EXPECT_GT(compared, 500);
    EXPECT_GT(agree, 0.85 * compared);
    EXPECT_LT(in_front, 0.02 * compared);
}

TEST(Geometry, PosesAreRigidAndFixedRigsStand) {
    const uint64_t seed = 10;
    constexpr int kViews = 3, kFrames = 20;
    const ltw_rig rig{kViews, 1, 7.0f};
    std::vector<float> poses(kViews * kFrames * 16);
    ASSERT_EQ(ltw_render_views_cpu(nullptr, seed, &rig, 8, 8, kFrames, 16, 1, nullptr, nullptr,
                                   nullptr, poses.data(), nullptr),
              0);
    for (size_t k = 0; k < kViews * kFrames; ++k) {
        const float* m = &poses[16 * k];
        const double det = m[0] * (m[5] * m[10] - m[6] * m[9]) -
                           m[1] * (m[4] * m[10] - m[6] * m[8]) + m[2] * (m[4] * m[9] - m[5] * m[8]);
        EXPECT_NEAR(det, 1, 1e-4);
        EXPECT_EQ(m[15], 1);
        for (size_t i = 0; i < 16; ++i) {
            EXPECT_EQ(m[i], poses[16 * (k / kFrames * kFrames) + i]);
        }
    }
}

}  // namespace
