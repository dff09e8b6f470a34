#include "gaussians/train/swept_points.h"

#include "core/error.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace longtake::gaussians {
namespace {

TEST(SweptPoints, LieWhereTheViewsAgree) {
    // A wall of many colours across the views, 4 in front of the middle camera.
    Attributes<float> wall(900, 0);
    std::mt19937 engine(3);
    std::normal_distribution<float> normal;
    for (std::size_t i = 0; i < 900; ++i) {
        wall.means[3 * i] = 0.25F * (static_cast<float>(i % 30) - 14.5F);
        wall.means[3 * i + 1] = 0.25F * (static_cast<float>(i / 30) - 14.5F);
        wall.means[3 * i + 2] = 4;
        wall.rotations[4 * i] = 1;
        wall.opacities[i] = 4;
        for (std::size_t k = 0; k < 3; ++k) {
            wall.log_scales[3 * i + k] = k == 2 ? -5.F : -2.F;
            wall.sh_dc[3 * i + k] = 1.5F * normal(engine);
        }
    }
    const auto views = views_of(to_cloud(wall));
    const Points points = swept_points(views, 500, 1);
    int64_t near = 0;
    for (std::size_t i = 0; i < 500; ++i) {
        near += std::abs(points.positions[3 * i + 2] - 4) < 0.4F;
    }
    EXPECT_GT(near, 350);  // measured: 413
}

TEST(SweptPoints, NeedViews) {
    EXPECT_THROW(swept_points({}, 10, 1), Error);
}

}  // namespace
}  // namespace longtake::gaussians
