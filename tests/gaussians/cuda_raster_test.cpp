#include "core/cuda.h"
#include "core/error.h"
#include "gaussians/raster/cuda_rasterizer.h"
#include "tests/core/cuda_testing.h"
#include "tests/gaussians/cuda_transfer.h"
#include "tests/gaussians/raster_reference.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

// The rasterizer on the GPU against the oracle, fp64 on the CPU.
namespace longtake::gaussians {
namespace {

Picture on_gpu(const PlanarPicture<float>& picture, const Camera& camera) {
    const int64_t h = camera.height, w = camera.width;
    return {.colour = Tensor::from(picture.colour, {3, h, w}).to(Device::Cuda),
            .alpha = Tensor::from(picture.alpha, {h, w}).to(Device::Cuda),
            .depth = Tensor::from(picture.depth, {h, w}).to(Device::Cuda)};
}

PlanarPicture<float> from_gpu(const Picture& picture) {
    PlanarPicture<float> out;
    out.colour = values_of(picture.colour);
    out.alpha = values_of(picture.alpha);
    out.depth = values_of(picture.depth);
    return out;
}

CloudGradient<float> from_gpu(const GradientTensors& gradient) {
    return {.attributes = from_gpu(gradient.attributes),
            .screen = values_of(gradient.screen),
            .screen_magnitude = values_of(gradient.screen_magnitude)};
}

// A rasterizer with its stream, seen from the CPU.
class Gpu {
  public:
    PlanarPicture<float> picture(const Attributes<float>& gaussians, const Camera& camera,
                                 const RenderOptions& options = {}) {
        rasterizer.forward(on_gpu(gaussians), camera, options, picture_);
        stream.synchronize();
        return from_gpu(picture_);
    }
    CloudGradient<float> gradient(const Attributes<float>& gaussians, const Camera& camera,
                                  const RenderOptions& options, const Picture& by_picture) {
        const Cloud cloud = on_gpu(gaussians);
        rasterizer.forward(cloud, camera, options, picture_,
                           CudaRasterizer::Keep::WhatGradientsNeed);
        GradientTensors out;
        rasterizer.backward(cloud, picture_, by_picture, out);
        stream.synchronize();
        return from_gpu(out);
    }

    CudaStream stream;
    CudaRasterizer rasterizer{stream};

  private:
    Picture picture_;
};

// Bounds: single precision alone gives pictures within 2e-5 and gradients within 4e-5 of the
// oracle's. A sample whose alpha is within rounding of 1/255, or a pixel's light of 1e-4, may fall
// on the other side; so little else can differ.
void expect_picture(const PlanarPicture<float>& picture, const PlanarPicture<double>& oracle,
                    double bound = 1e-4) {
    const auto expect_plane = [&](const std::vector<float>& plane, const std::vector<double>& exact,
                                  double unit, const char* name) {
        ASSERT_EQ(plane.size(), exact.size()) << name;
        std::size_t off = 0;
        for (std::size_t i = 0; i < plane.size(); ++i) {
            off += !(std::abs(static_cast<double>(plane[i]) - exact[i]) < bound * unit) ? 1 : 0;
        }
        EXPECT_LE(off, plane.size() / 2000) << name;
        EXPECT_LT(max_difference(plane, exact), 0.02 * unit) << name;
    };
    expect_plane(picture.colour, oracle.colour, 1, "colour");
    expect_plane(picture.alpha, oracle.alpha, 1, "alpha");
    expect_plane(picture.depth, oracle.depth, 5, "depth");  // the farthest Gaussian's
}

// Of a - b relative to that of b.
template <typename A, typename B>
double relative_norm(const std::vector<A>& a, const std::vector<B>& b) {
    EXPECT_EQ(a.size(), b.size());
    double off = 0, all = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        off += d * d;
        all += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    return off == 0 ? 0 : std::sqrt(off / all);
}

template <typename Scalar>
void expect_gradient(const CloudGradient<float>& gradient, const CloudGradient<Scalar>& oracle,
                     double bound = 1e-3) {
    constexpr std::array<const char*, 6> kNames{"means",     "log_scales", "rotations",
                                                "opacities", "sh_dc",      "sh_rest"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        EXPECT_LT(relative_norm(*gradient.attributes.columns()[i], *oracle.attributes.columns()[i]),
                  bound)
            << kNames[i];
    }
    EXPECT_LT(relative_norm(gradient.screen, oracle.screen), bound);
    EXPECT_LT(relative_norm(gradient.screen_magnitude, oracle.screen_magnitude), bound);
}

void expect_oracle(const Attributes<double>& random, const Camera& camera,
                   const RenderOptions& options = {}) {
    const auto gaussians = converted<float>(random);
    const auto exact = converted<double>(gaussians);
    Gpu gpu;
    expect_picture(gpu.picture(gaussians, camera, options), picture_of(exact, camera, options));
    const auto by = random_weights<float>(camera, 21);
    expect_gradient(gpu.gradient(gaussians, camera, options, on_gpu(by, camera)),
                    gradient_of(exact, camera, options, random_weights(camera, 21)));
}

TEST(CudaRasterizer, IsTheOracleForEveryDegree) {
    LONGTAKE_NEEDS_GPU();
    for (int degree = 0; degree <= kMaxShDegree; ++degree) {
        SCOPED_TRACE(degree);
        expect_oracle(random_gaussians(31, {.count = 150, .sh_degree = degree}), test_camera(),
                      {.background = {0.3F, 0.6F, 0.1F}});
    }
}

TEST(CudaRasterizer, LeavesOutHigherDegrees) {
    LONGTAKE_NEEDS_GPU();
    for (int degree = 0; degree < kMaxShDegree; ++degree) {
        SCOPED_TRACE(degree);
        expect_oracle(random_gaussians(32, {.count = 100}), test_camera(), {.sh_degree = degree});
    }
}

TEST(CudaRasterizer, IsTheOracleForEverySize) {
    LONGTAKE_NEEDS_GPU();
    for (const double scale : {0.005, 0.02, 0.2, 2.0}) {
        SCOPED_TRACE(scale);
        expect_oracle(random_gaussians(33, {.count = 300, .scale = scale}), test_camera());
    }
}

TEST(CudaRasterizer, IsTheOracleForPicturesOfAnySize) {
    LONGTAKE_NEEDS_GPU();
    const std::vector<std::pair<int64_t, int64_t>> sizes{{1, 1}, {16, 16}, {17, 31}, {333, 7}};
    for (const auto& [width, height] : sizes) {
        SCOPED_TRACE(std::to_string(width) + 'x' + std::to_string(height));
        expect_oracle(random_gaussians(34, {.count = 200, .sh_degree = 1}),
                      test_camera(width, height));
    }
}

// Several batches of 256 entries in a tile, and pixels that end in each of them.
TEST(CudaRasterizer, IsTheOracleWhereTilesAreFull) {
    LONGTAKE_NEEDS_GPU();
    for (const double opacity : {-4.0, -1.0, 6.0}) {
        SCOPED_TRACE(opacity);
        expect_oracle(
            random_gaussians(35, {.count = 4000, .sh_degree = 1, .scale = 0.2, .opacity = opacity}),
            test_camera(), {.background = {0.5F, 0.5F, 0.5F}});
    }
}

TEST(CudaRasterizer, IsTheOracleForManyTiles) {
    LONGTAKE_NEEDS_GPU();
    Camera camera = test_camera(701, 389);
    camera.fx = camera.fy = 500;
    camera.cx = 320;
    camera.cy = 210;
    expect_oracle(random_gaussians(36, {.count = 20000, .sh_degree = 2, .scale = 0.02}), camera);
}

TEST(CudaRasterizer, IsTheOracleBeyondTheFieldOfView) {
    LONGTAKE_NEEDS_GPU();
    expect_oracle(random_gaussians(37, {.count = 60, .sh_degree = 0, .scale = 0.8, .spread = 2.5}),
                  test_camera());
}

TEST(CudaRasterizer, OneGaussianOverAllTilesAndOneBehind) {
    LONGTAKE_NEEDS_GPU();
    Attributes<double> gaussians = random_gaussians(38, {.count = 2, .sh_degree = 2});
    gaussians.means = {0.1, 0.2, 3, 0.1, 0.2, -3};
    gaussians.log_scales = {1.1, 1.3, 0.9, 1.1, 1.3, 0.9};
    Gpu gpu;
    gpu.picture(converted<float>(gaussians), test_camera());
    EXPECT_EQ(gpu.rasterizer.instances(), 9);
    expect_oracle(gaussians, test_camera());
    gaussians.log_scales = {3.7, 3.9, 3.5, 1.1, 1.3, 0.9};
    gpu.picture(converted<float>(gaussians), test_camera(1000, 700));
    EXPECT_EQ(gpu.rasterizer.instances(), 2772);
    expect_oracle(gaussians, test_camera(1000, 700));
}

TEST(CudaRasterizer, MeetsTheTilesThatTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    const auto gaussians = converted<float>(random_gaussians(39, {.count = 3000}));
    const Camera camera = test_camera(200, 150);
    Rasterizer<float> rasterizer;
    PlanarPicture<float> picture;
    rasterizer.forward(gaussians.view(), camera, {}, picture);
    Gpu gpu;
    gpu.picture(gaussians, camera);
    // But for ellipses that end within rounding of a tile.
    EXPECT_NEAR(static_cast<double>(gpu.rasterizer.instances()),
                static_cast<double>(rasterizer.lists().entries.size()), 2);
}

TEST(CudaRasterizer, NoGaussianLeavesTheBackground) {
    LONGTAKE_NEEDS_GPU();
    const Camera camera = test_camera();
    const RenderOptions options{.background = {0.25F, 0.5F, 0.75F}};
    Gpu gpu;
    const auto none = gpu.picture(Attributes<float>(0, 0), camera, options);
    EXPECT_EQ(none.colour, picture_of(Attributes<float>(0, 0), camera, options).colour);
    EXPECT_TRUE(std::ranges::all_of(none.alpha, [](float v) { return v == 0; }));
    const auto by = on_gpu(random_weights<float>(camera, 22), camera);
    EXPECT_TRUE(gpu.gradient(Attributes<float>(0, 0), camera, options, by).screen.empty());
    // All behind the camera.
    auto behind = converted<float>(random_gaussians(40, {.count = 70}));
    for (std::size_t i = 2; i < behind.means.size(); i += 3) {
        behind.means[i] = -behind.means[i];
    }
    EXPECT_EQ(max_difference(gpu.picture(behind, camera, options), none), 0);
    EXPECT_EQ(gpu.rasterizer.instances(), 0);
    const auto gradient = gpu.gradient(behind, camera, options, by);
    for (const auto* column : gradient.attributes.columns()) {
        EXPECT_TRUE(std::ranges::all_of(*column, [](float v) { return v == 0; }));
    }
}

TEST(CudaRasterizer, AMaskRestrictsAndChangesNothing) {
    LONGTAKE_NEEDS_GPU();
    const auto random = random_gaussians(41, {.count = 200});
    const Camera camera = test_camera();
    const RenderOptions whole{.background = {0.2F, 0.4F, 0.6F}};
    std::mt19937 engine(42);
    Gpu gpu;
    for (int trial = 0; trial < 4; ++trial) {
        RenderOptions masked = whole;
        masked.tiles.resize(9);
        std::ranges::generate(masked.tiles, [&] { return static_cast<uint8_t>(engine() % 2); });
        const auto gaussians = converted<float>(random);
        const auto expected =
            restricted(gpu.picture(gaussians, camera, whole), camera, masked.tiles);
        EXPECT_EQ(max_difference(gpu.picture(gaussians, camera, masked), expected), 0);
        expect_oracle(random, camera, masked);
    }
}

TEST(CudaRasterizer, IsGsplats) {
    LONGTAKE_NEEDS_GPU();
    const RasterReference reference;
    const Camera camera = reference.camera();
    const auto gaussians = reference.gaussians<float>();
    const RenderOptions options{.background = {0.2F, 0.5F, 0.3F}};
    PlanarPicture<double> expected;
    expected.colour = reference.values<double>("colour");
    expected.alpha = reference.values<double>("alpha");
    expected.depth = reference.values<double>("depth");
    Gpu gpu;
    EXPECT_LT(max_difference(gpu.picture(gaussians, camera, options), expected), 1e-4);
    PlanarPicture<float> by(camera.height, camera.width);
    by.colour = reference.wave<float>(by.colour.size(), 0.7);
    by.alpha = reference.wave<float>(by.alpha.size(), 1.1);
    by.depth = reference.wave<float>(by.depth.size(), 1.7);
    const auto gradient = gpu.gradient(gaussians, camera, options, on_gpu(by, camera));
    const auto by_gsplat = reference.gaussians<double>("by_");
    for (std::size_t i = 0; i < by_gsplat.kColumns; ++i) {
        EXPECT_LT(relative_norm(*gradient.attributes.columns()[i], *by_gsplat.columns()[i]), 1e-4)
            << i;
    }
}

TEST(CudaRasterizer, GivesTheSamePictureAgain) {
    LONGTAKE_NEEDS_GPU();
    const auto gaussians = converted<float>(random_gaussians(43, {.count = 2000}));
    const auto others = converted<float>(random_gaussians(44, {.count = 5000, .sh_degree = 1}));
    const Camera camera = test_camera(130, 70);
    Gpu first;
    const auto picture = first.picture(gaussians, camera);
    first.picture(others, test_camera(300, 200));  // memory now holds something else
    EXPECT_EQ(max_difference(first.picture(gaussians, camera), picture), 0);
    EXPECT_EQ(max_difference(Gpu().picture(gaussians, camera), picture), 0);
    const auto by = on_gpu(random_weights<float>(camera, 23), camera);
    const auto gradient = first.gradient(gaussians, camera, {}, by);
    expect_gradient(first.gradient(gaussians, camera, {}, by), gradient, 1e-4);
}

TEST(CudaRasterizer, AllocatesNothingInTheLongRun) {
    LONGTAKE_NEEDS_GPU();
    const auto many = converted<float>(random_gaussians(45, {.count = 2000}));
    const auto few = converted<float>(random_gaussians(46, {.count = 100}));
    const auto by = on_gpu(random_weights<float>(test_camera(), 24), test_camera());
    Gpu gpu;
    gpu.gradient(many, test_camera(), {}, by);
    const size_t bytes = gpu.rasterizer.bytes();
    EXPECT_GT(bytes, 0U);
    for (int i = 0; i < 3; ++i) {
        gpu.gradient(few, test_camera(), {}, by);
        gpu.gradient(many, test_camera(), {}, by);
        EXPECT_EQ(gpu.rasterizer.bytes(), bytes);
    }
}

TEST(CudaRasterizer, MissingPlanesOfTheGradientAreZeros) {
    LONGTAKE_NEEDS_GPU();
    const auto gaussians = converted<float>(random_gaussians(47, {.count = 300}));
    const Camera camera = test_camera();
    auto by = random_weights<float>(camera, 25);
    std::ranges::fill(by.alpha, 0.F);
    std::ranges::fill(by.depth, 0.F);
    Gpu gpu;
    const auto expected = gpu.gradient(gaussians, camera, {}, on_gpu(by, camera));
    const Picture colour{.colour = on_gpu(by, camera).colour, .alpha = {}, .depth = {}};
    expect_gradient(gpu.gradient(gaussians, camera, {}, colour), expected, 1e-4);
}

TEST(CudaRasterizer, ExtremeGaussiansGiveFiniteNumbers) {
    LONGTAKE_NEEDS_GPU();
    const auto gaussians = converted<float>(extreme_gaussians());
    const Camera camera = test_camera();
    Gpu gpu;
    const auto finite = [](const std::vector<float>& values) {
        return std::ranges::all_of(values, [](float v) { return std::isfinite(v); });
    };
    const auto picture = gpu.picture(gaussians, camera);
    EXPECT_TRUE(finite(picture.colour) && finite(picture.alpha) && finite(picture.depth));
    const auto gradient =
        gpu.gradient(gaussians, camera, {}, on_gpu(random_weights<float>(camera, 26), camera));
    for (std::size_t i = 0; i < Attributes<float>::kColumns; ++i) {
        EXPECT_TRUE(finite(*gradient.attributes.columns()[i])) << i;
    }
}

TEST(CudaRasterizer, RefusesWhatDoesNotFit) {
    LONGTAKE_NEEDS_GPU();
    const auto gaussians = converted<float>(random_gaussians(48, {.count = 2}));
    const Cloud cloud = on_gpu(gaussians);
    const Camera camera = test_camera();
    Gpu gpu;
    Picture picture;
    EXPECT_THROW(gpu.rasterizer.forward(cloud, Camera{}, {}, picture), Error);
    EXPECT_THROW(gpu.rasterizer.forward(cloud, camera, {.tiles = {1, 0}}, picture), Error);
    EXPECT_THROW(gpu.rasterizer.forward(to_cloud(gaussians), camera, {}, picture), Error);
    GradientTensors gradient;
    gpu.rasterizer.forward(cloud, camera, {}, picture);  // keeps nothing
    EXPECT_THROW(gpu.rasterizer.backward(cloud, picture, picture, gradient), Error);
    gpu.rasterizer.forward(cloud, camera, {}, picture, CudaRasterizer::Keep::WhatGradientsNeed);
    const Picture other{
        .colour = Tensor({3, 3, 3}, DType::F32, Device::Cuda), .alpha = {}, .depth = {}};
    EXPECT_THROW(gpu.rasterizer.backward(cloud, picture, other, gradient), Error);
    EXPECT_NO_THROW(gpu.rasterizer.backward(cloud, picture, picture, gradient));
}

}  // namespace
}  // namespace longtake::gaussians
