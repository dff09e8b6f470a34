#include "gaussians/raster/render.h"
#include "gaussians/raster/to_image.h"

#include "core/error.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace longtake::gaussians {
namespace {

// Every Gaussian at every pixel, as the papers have it: no tiles, no limits but alpha's.
PlanarPicture<double> plain_picture(const std::vector<Splat<double>>& splats, const Camera& camera,
                                    const std::array<float, 3>& background) {
    std::vector<std::size_t> order(splats.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [&](std::size_t i) { return !splats[i].visible(); });
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return splats[i].depth; });
    PlanarPicture<double> picture(camera.height, camera.width);
    const std::size_t area = picture.alpha.size();
    for (std::size_t pixel = 0; pixel < area; ++pixel) {
        const auto width = static_cast<std::size_t>(camera.width);
        const double x = static_cast<double>(pixel % width) + 0.5;
        const double y = static_cast<double>(pixel / width) + 0.5;
        double light = 1;
        for (const std::size_t i : order) {
            const Splat<double>& s = splats[i];
            const double yy = 1 / s.precision_y, xy = s.slope * yy;
            const double xx = 1 / s.precision_x + xy * s.slope;
            const double det = xx * yy - xy * xy, dx = x - s.u, dy = y - s.v;
            const double power = -0.5 * (yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy) / det;
            const double alpha = std::min(0.99, s.opacity * std::exp(power));
            if (alpha < 1.0 / 255) {
                continue;
            }
            if (light * (1 - alpha) <= 1e-4) {
                break;
            }
            for (std::size_t c = 0; c < 3; ++c) {
                picture.colour[c * area + pixel] += light * alpha * s.colour[c];
            }
            picture.depth[pixel] += light * alpha * s.depth;
            light *= 1 - alpha;
        }
        picture.alpha[pixel] = 1 - light;
        for (std::size_t c = 0; c < 3; ++c) {
            picture.colour[c * area + pixel] += light * static_cast<double>(background[c]);
        }
    }
    return picture;
}

TEST(Render, TilesAndReachesChangeNothing) {
    for (const double scale : {0.02, 0.2, 2.0}) {
        const auto gaussians = random_gaussians(1, {.count = 300, .scale = scale});
        const RenderOptions options{.background = {0.1F, 0.5F, 0.9F}};
        Rasterizer<double> rasterizer;
        PlanarPicture<double> picture;
        rasterizer.forward(gaussians.view(), test_camera(), options, picture);
        const auto plain = plain_picture(rasterizer.splats(), test_camera(), options.background);
        EXPECT_LT(max_difference(picture, plain), 1e-12) << scale;
    }
}

TEST(Render, SinglePrecisionIsCloseToDouble) {
    for (const double scale : {0.02, 0.2, 2.0}) {
        const auto gaussians =
            converted<float>(random_gaussians(2, {.count = 300, .scale = scale}));
        const double d = max_difference(picture_of(gaussians, test_camera()),
                                        picture_of(converted<double>(gaussians), test_camera()));
        EXPECT_LT(d, 1e-4) << scale;
    }
}

TEST(Render, NothingIsBackground) {
    Cloud cloud = Cloud::sized(0, 0);
    const Picture picture =
        render(cloud, test_camera(20, 10), {.background = {0.25F, 0.5F, 0.75F}});
    EXPECT_EQ(picture.colour.shape(), Shape({3, 10, 20}));
    for (std::size_t i = 0; i < 200; ++i) {
        EXPECT_EQ(picture.colour.values<float>()[i], 0.25F);
        EXPECT_EQ(picture.colour.values<float>()[400 + i], 0.75F);
        EXPECT_EQ(picture.alpha.values<float>()[i], 0);
    }
    const Tensor image = to_image(picture.colour);
    EXPECT_EQ(image.shape(), Shape({10, 20, 3}));
    EXPECT_EQ(image.values<uint8_t>()[0], 64);
    EXPECT_EQ(image.values<uint8_t>()[2], 191);
}

}  // namespace
}  // namespace longtake::gaussians
