#include "gaussians/raster/rasterizer.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

// The gradients in fp64 against central differences of the picture.
namespace longtake::gaussians {
namespace {

constexpr std::array<const char*, 6> kNames{"means",     "log_scales", "rotations",
                                            "opacities", "sh_dc",      "sh_rest"};

double product(const PlanarPicture<double>& a, const PlanarPicture<double>& b) {
    const auto along = [](const std::vector<double>& x, const std::vector<double>& y) {
        return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
    };
    return along(a.colour, b.colour) + along(a.alpha, b.alpha) + along(a.depth, b.depth);
}

// Checks every gradient to 2e-6 of the largest of its kind. The picture jumps where an alpha passes
// 1/255 or a pixel's last Gaussian changes: of a pair of one-sided slopes, those that differ are
// steps over a jump, which must stay rare.
void expect_slopes(Attributes<double> gaussians, const Camera& camera,
                   const RenderOptions& options = {}) {
    const auto weights = random_weights(camera, 5);
    const auto gradient = gradient_of(gaussians, camera, options, weights);
    const auto loss = [&] { return product(picture_of(gaussians, camera, options), weights); };
    const double here = loss();
    constexpr double kStep = 2e-7;
    std::size_t checked = 0, jumps = 0;
    for (std::size_t k = 0; k < kNames.size(); ++k) {
        std::vector<double>& values = *gaussians.columns()[k];
        const std::vector<double>& slopes = *gradient.attributes.columns()[k];
        double largest = 1e-3;
        for (const double s : slopes) {
            largest = std::max(largest, std::abs(s));
        }
        for (std::size_t i = 0; i < values.size(); ++i) {
            const double value = values[i];
            values[i] = value + kStep;
            const double above = (loss() - here) / kStep;
            values[i] = value - kStep;
            const double below = (here - loss()) / kStep;
            values[i] = value;
            ++checked;
            if (std::abs(above - below) > 1e-4 * largest) {
                ++jumps;
                continue;
            }
            EXPECT_NEAR(slopes[i], (above + below) / 2, 2e-6 * largest + 1e-6)
                << kNames[k] << ' ' << i;
        }
    }
    EXPECT_LE(jumps, 2 + checked / 100);
}

TEST(RasterGradient, OfEveryAttribute) {
    for (int degree = 0; degree <= kMaxShDegree; ++degree) {
        expect_slopes(random_gaussians(3, {.count = 8, .sh_degree = degree}), test_camera(),
                      {.background = {0.3F, 0.6F, 0.1F}});
    }
}

TEST(RasterGradient, BeyondTheFieldOfView) {
    const Camera camera = test_camera();
    const auto gaussians =
        random_gaussians(4, {.count = 20, .sh_degree = 0, .scale = 0.8, .spread = 2.5});
    const Frustum frustum(camera);
    int64_t outside = 0;
    Rasterizer<double> rasterizer;
    PlanarPicture<double> picture;
    rasterizer.forward(gaussians.view(), camera, {}, picture);
    for (int64_t i = 0; i < gaussians.count; ++i) {
        const Vec3 position = to_camera(frustum, load3(gaussians.means.data() + 3 * i));
        const Footprint f = footprint_of(gaussians.view(), i, position, frustum);
        outside += rasterizer.splats()[static_cast<std::size_t>(i)].visible() &&
                   !(f.inside[0] && f.inside[1]);
    }
    ASSERT_GE(outside, 5);
    expect_slopes(gaussians, camera);
}

TEST(RasterGradient, WhereAlphaIsClippedAndPixelsEndEarly) {
    const Camera camera = test_camera();
    const auto gaussians =
        random_gaussians(6, {.count = 40, .sh_degree = 1, .scale = 0.4, .opacity = 6});
    const auto picture = picture_of(gaussians, camera);
    const auto finished =
        std::ranges::count_if(picture.alpha, [](double alpha) { return alpha > 0.99; });
    ASSERT_GT(finished, 500);
    expect_slopes(gaussians, camera, {.background = {0.5F, 0.5F, 0.5F}});
}

TEST(RasterGradient, UnderAMaskOfTiles) {
    expect_slopes(random_gaussians(7, {.count = 20, .sh_degree = 1}), test_camera(),
                  {.background = {0.3F, 0.6F, 0.1F}, .tiles = {1, 0, 0, 0, 1, 1, 0, 1, 0}});
}

TEST(RasterGradient, OfOneGaussianOverAllTilesAndOfOneBehind) {
    Attributes<double> gaussians = random_gaussians(8, {.count = 2, .sh_degree = 2});
    const std::vector<double> means{0.1, 0.2, 3, 0.1, 0.2, -3};
    gaussians.means = means;
    std::ranges::fill(gaussians.log_scales, std::log(3.0));
    Rasterizer<double> rasterizer;
    PlanarPicture<double> picture;
    rasterizer.forward(gaussians.view(), test_camera(), {}, picture);
    EXPECT_EQ(rasterizer.lists().slot_begin, (std::vector<int32_t>{0, 9, 9}));
    expect_slopes(gaussians, test_camera());
}

TEST(RasterGradient, OfNoGaussianIsEmpty) {
    const Attributes<double> none(0, 0);
    const auto gradient = gradient_of(none, test_camera(), {}, random_weights(test_camera(), 1));
    EXPECT_TRUE(gradient.attributes.means.empty());
    EXPECT_TRUE(gradient.screen.empty());
}

// Moving every Gaussian by a pixel is moving the principal point by one.
TEST(RasterGradient, OfTheCentreOnTheScreen) {
    const auto gaussians = random_gaussians(9, {.count = 20, .sh_degree = 0, .spread = 0.6});
    const Camera camera = test_camera();
    const auto weights = random_weights(camera, 2);
    const auto gradient = gradient_of(gaussians, camera, {}, weights);
    Camera left = camera, right = camera, up = camera, down = camera;
    constexpr double kStep = 1e-6;
    left.cx -= kStep;
    right.cx += kStep;
    up.cy -= kStep;
    down.cy += kStep;
    const auto slope = [&](const Camera& from, const Camera& to) {
        return (product(picture_of(gaussians, to), weights) -
                product(picture_of(gaussians, from), weights)) /
               (2 * kStep);
    };
    double by_u = 0, by_v = 0;
    for (std::size_t i = 0; i < gradient.screen.size(); i += 2) {
        by_u += gradient.screen[i] / (0.5 * static_cast<double>(camera.width));
        by_v += gradient.screen[i + 1] / (0.5 * static_cast<double>(camera.height));
        EXPECT_GE(gradient.screen_magnitude[i], std::abs(gradient.screen[i]));
        EXPECT_GE(gradient.screen_magnitude[i + 1], std::abs(gradient.screen[i + 1]));
    }
    EXPECT_NEAR(by_u, slope(left, right), 1e-5 * std::abs(by_u));
    EXPECT_NEAR(by_v, slope(up, down), 1e-5 * std::abs(by_v));
}

}  // namespace
}  // namespace longtake::gaussians
