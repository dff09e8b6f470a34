#include "gaussians/raster/rasterizer.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/raster/pixel.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace longtake::gaussians {
namespace {

template <typename Scalar>
void expect_same(const CloudGradient<Scalar>& a, const CloudGradient<Scalar>& b) {
    for (std::size_t i = 0; i < Attributes<Scalar>::kColumns; ++i) {
        EXPECT_EQ(*a.attributes.columns()[i], *b.attributes.columns()[i]) << i;
    }
    EXPECT_EQ(a.screen, b.screen);
    EXPECT_EQ(a.screen_magnitude, b.screen_magnitude);
}

template <typename Scalar> void expect_mask_to_restrict() {
    const auto gaussians = converted<Scalar>(random_gaussians(11, {.count = 200}));
    const Camera camera = test_camera();
    const RenderOptions whole{.background = {0.2F, 0.4F, 0.6F}};
    const auto by = random_weights<Scalar>(camera, 3);
    std::mt19937 engine(12);
    for (int trial = 0; trial < 8; ++trial) {
        RenderOptions masked = whole;
        masked.tiles.resize(9);
        std::ranges::generate(masked.tiles, [&] { return static_cast<uint8_t>(engine() % 2); });
        const auto expected =
            restricted(picture_of(gaussians, camera, whole), camera, masked.tiles);
        EXPECT_EQ(max_difference(picture_of(gaussians, camera, masked), expected), 0);
        expect_same(gradient_of(gaussians, camera, masked, by),
                    gradient_of(gaussians, camera, whole, restricted(by, camera, masked.tiles)));
    }
}

TEST(Rasterizer, AMaskRestrictsAndChangesNothing) {
    expect_mask_to_restrict<float>();
    expect_mask_to_restrict<double>();
}

// Again as blended one by one, and with what is behind a depth left out.
TEST(Rasterizer, APixelAsFarAsADepth) {
    auto gaussians = converted<float>(random_gaussians(21, {.count = 300}));
    const Camera camera = test_camera();
    Rasterizer<float> rasterizer;
    PlanarPicture<float> all, nearer;
    rasterizer.forward(gaussians.view(), camera, {}, all);
    std::vector<float> depths;
    for (const auto& splat : rasterizer.splats()) {
        depths.push_back(splat.visible() ? splat.depth : 1e9F);
    }
    std::vector<float> sorted = depths;
    std::ranges::sort(sorted);
    const float middle = sorted[100];
    for (std::size_t i = 0; i < depths.size(); ++i) {
        gaussians.opacities[i] = depths[i] < middle ? gaussians.opacities[i] : -20;
    }
    Rasterizer<float> of_nearer;
    of_nearer.forward(gaussians.view(), camera, {}, nearer);
    const auto expect = [&](const PlanarPicture<float>& picture, float depth) {
        for (int64_t y = 0; y < camera.height; ++y) {
            for (int64_t x = 0; x < camera.width; ++x) {
                const Pixel pixel = pixel_before(rasterizer, camera.width, x, y, depth);
                const auto i = static_cast<std::size_t>(y * camera.width + x);
                ASSERT_NEAR(pixel.colour[1], picture.colour[picture.alpha.size() + i], 5e-3);
                ASSERT_NEAR(pixel.alpha, picture.alpha[i], 5e-3);
                ASSERT_NEAR(pixel.depth, picture.depth[i], 5e-2);
            }
        }
    };
    expect(all, 1e9F);
    expect(nearer, middle);
}

TEST(Rasterizer, SameBitsForAnyNumberOfThreads) {
    const auto gaussians = converted<float>(random_gaussians(13, {.count = 500}));
    const Camera camera = test_camera(130, 70);
    const auto by = random_weights<float>(camera, 4);
    const int threads = thread_count();
    omp_set_num_threads(1);
    const auto picture = picture_of(gaussians, camera);
    const auto gradient = gradient_of(gaussians, camera, {}, by);
    for (const int n : {2, 3, 7}) {
        omp_set_num_threads(n);
        EXPECT_EQ(max_difference(picture_of(gaussians, camera), picture), 0) << n;
        expect_same(gradient_of(gaussians, camera, {}, by), gradient);
    }
    omp_set_num_threads(threads);
}

TEST(Rasterizer, SinglePrecisionGradientsAreCloseToDouble) {
    for (const double scale : {0.02, 0.2, 2.0}) {
        const auto gaussians =
            converted<float>(random_gaussians(14, {.count = 300, .scale = scale}));
        const Camera camera = test_camera();
        const auto single = gradient_of(gaussians, camera, {}, random_weights<float>(camera, 6));
        const auto exact =
            gradient_of(converted<double>(gaussians), camera, {}, random_weights(camera, 6));
        for (std::size_t i = 0; i < Attributes<float>::kColumns; ++i) {
            const auto& column = *exact.attributes.columns()[i];
            double largest = 0;
            for (const double v : column) {
                largest = std::max(largest, std::abs(v));
            }
            const double off = max_difference(*single.attributes.columns()[i], column) / largest;
            EXPECT_LT(off, 1e-4) << scale << ' ' << i;
        }
    }
}

// Every kernel that this machine can run.
TEST(Rasterizer, KernelsAgree) {
    const auto gaussians = converted<float>(random_gaussians(15, {.count = 300}));
    const Camera camera = test_camera();
    const TileGrid grid(camera.width, camera.height);
    std::vector<Splat<float>> splats;
    project(gaussians.view(), camera, RenderOptions{}, splats);
    TileLists lists;
    Binner<float>().run(splats, grid, lists);
    const BlendScene<float> scene{grid, lists, splats.data(), {0.1F, 0.2F, 0.3F}};
    const auto by = random_weights<float>(camera, 7);
    std::vector<PlanarPicture<float>> pictures;
    std::vector<CloudGradient<float>> gradients;
    for (const BlendKernel<float>* kernel : blend_kernels<float>()) {
        PlanarPicture<float>& picture = pictures.emplace_back(camera.height, camera.width);
        std::vector<SplatGradient<float>> slots(lists.entries.size());
        blend(scene, picture.planes(), *kernel);
        blend_backward(scene, std::as_const(picture).planes(), by.planes(), slots.data(), *kernel);
        project_backward(gaussians.view(), camera, RenderOptions{}, splats, lists, slots,
                         gradients.emplace_back());
        EXPECT_LT(max_difference(picture, pictures[0]), 1e-5);
        EXPECT_LT(max_difference(gradients.back().attributes.means, gradients[0].attributes.means),
                  1e-2);
    }
}

template <typename Scalar> void expect_finite_numbers() {
    const auto gaussians = converted<Scalar>(extreme_gaussians());
    const auto finite = [](const std::vector<Scalar>& values) {
        return std::ranges::all_of(values, [](Scalar v) { return std::isfinite(v); });
    };
    const auto picture = picture_of(gaussians, test_camera());
    EXPECT_TRUE(finite(picture.colour) && finite(picture.alpha) && finite(picture.depth));
    const auto gradient =
        gradient_of(gaussians, test_camera(), {}, random_weights<Scalar>(test_camera(), 8));
    for (std::size_t i = 0; i < Attributes<Scalar>::kColumns; ++i) {
        EXPECT_TRUE(finite(*gradient.attributes.columns()[i])) << i;
    }
}

TEST(Rasterizer, ExtremeGaussiansGiveFiniteNumbers) {
    expect_finite_numbers<float>();
    expect_finite_numbers<double>();
}

TEST(Rasterizer, RefusesWhatDoesNotFit) {
    const auto gaussians = random_gaussians(1, {.count = 2});
    EXPECT_THROW(picture_of(gaussians, Camera{}), Error);
    EXPECT_THROW(picture_of(gaussians, test_camera(), {.tiles = {1, 0}}), Error);
    EXPECT_THROW(gradient_of(gaussians, test_camera(), {}, PlanarPicture<double>(3, 3)), Error);
}

}  // namespace
}  // namespace longtake::gaussians
