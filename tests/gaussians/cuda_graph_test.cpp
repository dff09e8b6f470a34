#include "gaussians/raster/to_image.h"
#include "gaussians/train/residual_trainer.h"
#include "gaussians/train/static_trainer.h"
#include "tests/core/cuda_testing.h"
#include "tests/gaussians/cuda_transfer.h"
#include "tests/gaussians/fixed_testing.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/residual_scenes.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

// Steps of training that are launched as graphs against the same ones launched kernel by kernel.
namespace longtake::gaussians {
namespace {

constexpr int64_t kTileColumns = 4, kTileRows = 3, kInTile = 4;

// Each within one tile of every camera of tile_views(), so that a gradient has one addend and is
// the same from run to run, which sums in any order are not.
Cloud gaussians_in_tiles(float colour) {
    const int64_t count = kTileColumns * kTileRows * kInTile;
    auto g = random_gaussians(51, {.count = count, .sh_degree = 1, .opacity = 0});
    constexpr double kDepth = 3, kFocal = 60, kPixel = kDepth / kFocal;
    for (int64_t i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const int64_t tile = i / kInTile, corner = i % kInTile;
        const double u = 16. * static_cast<double>(tile % kTileColumns) + 7 +
                         2. * static_cast<double>(corner % 2);
        const double v = 16. * static_cast<double>(tile / kTileColumns) + 7 +
                         2. * static_cast<double>(corner / 2);
        g.means[3 * at] = (u - 32) * kPixel;
        g.means[3 * at + 1] = (v - 24) * kPixel;
        g.means[3 * at + 2] = kDepth + 0.01 * static_cast<double>(corner);
        for (std::size_t k = 0; k < 3; ++k) {
            g.log_scales[3 * at + k] = std::log((0.8 + 0.1 * static_cast<double>(k)) * kPixel);
            g.sh_dc[3 * at + k] += colour;
        }
    }
    return to_cloud(converted<float>(g));
}

// Cameras beside each other by a tile.
std::vector<TrainingView> tile_views(float colour) {
    std::vector<TrainingView> views;
    for (const double shift : {0., 16., -16.}) {
        const Camera camera{
            .width = 64, .height = 48, .fx = 60, .fy = 60, .cx = 32 + shift, .cy = 24};
        views.push_back({camera, to_image(render(gaussians_in_tiles(colour), camera).colour)});
    }
    return views;
}

TEST(CudaGraphs, AStaticSceneIsLearntToTheSameBits) {
    LONGTAKE_NEEDS_GPU();
    const Cloud start = gaussians_in_tiles(0);
    for (const bool sampling : {false, true}) {
        TrainingOptions options{.iterations = 40, .sh_degree = 1, .sh_every = 5, .graphs = true};
        options.densify_from = options.densify_every = 8;
        options.density = {.gradient = 0, .split_share = 1e9, .max_gaussians = 60};
        if (sampling) {
            options.mcmc = McmcOptions{.max_gaussians = 60};
        }
        StaticTrainer with(tile_views(0.4F), start, 0.1, options, Device::Cuda);
        options.graphs = false;
        StaticTrainer without(tile_views(0.4F), start, 0.1, options, Device::Cuda);
        for (int step = 1; step <= 20; ++step) {
            with.step();
            without.step();
            const Cloud &a = with.cloud(), &b = without.cloud();
            ASSERT_EQ(a.count(), b.count());
            for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
                ASSERT_EQ(values_of(*a.columns()[c]), values_of(*b.columns()[c]))
                    << "step " << step << ", column " << c << (sampling ? ", sampling" : "");
            }
            ASSERT_EQ(with.status().loss, without.status().loss);
        }
        EXPECT_GT(with.cloud().count(), start.count());
    }
}

TEST(CudaGraphs, AMovingSceneIsLearntToTheSameBits) {
    LONGTAKE_NEEDS_GPU();
    const FixedCloud first = fixed_of(gaussians_in_tiles(0));
    for (const bool everything : {false, true}) {
        ResidualOptions options = everything ? compact_residuals(5) : queen_residuals(5);
        options.moving = 0;
        options.graphs = true;
        ResidualTrainer with(tile_views(0), first, 0.1, options, Device::Cuda);
        options.graphs = false;
        ResidualTrainer without(tile_views(0), first, 0.1, options, Device::Cuda);
        for (const float colour : {0.2F, 0.4F}) {
            std::vector<Tensor> images;
            for (const TrainingView& view : tile_views(colour)) {
                images.push_back(view.image);
            }
            with.next(images);
            without.next(images);
            EXPECT_TRUE(same(with.state(), without.state())) << colour;
        }
        EXPECT_FALSE(same(with.state(), first));
    }
}

TEST(CudaGraphs, RoomForMoreMeetingsIsMade) {
    LONGTAKE_NEEDS_GPU();
    const auto truth = random_gaussians(52, {.count = 200, .sh_degree = 1, .scale = 0.05});
    const auto views = views_of(to_cloud(converted<float>(truth)));
    const auto with = ViewLoss::on(Device::Cuda, views, 0.2, true);
    const auto without = ViewLoss::on(Device::Cuda, views, 0.2);
    auto gaussians = truth;
    int64_t recorded = -1;  // never the first step
    GradientTensors here, there;
    for (const double growth : {0., 0., 1., 0., 1.}) {
        for (double& v : gaussians.log_scales) {
            v += growth;
        }
        const Cloud cloud = on_gpu(converted<float>(gaussians));
        int then = 0;
        for (std::size_t view = 0; view < views.size(); ++view) {
            with->run(cloud, view, {}, here, [&] { ++then; });
            without->run(cloud, view, {}, there);
            ++recorded;
            EXPECT_EQ(with->recorded(), recorded);
            const PictureErrors a = with->errors(), b = without->errors();
            EXPECT_EQ(a.l1, b.l1);
            EXPECT_EQ(a.ssim, b.ssim);
            const auto by = values_of(there.attributes.means);
            const double largest = max_difference(by, std::vector<float>(by.size()));
            EXPECT_LT(max_difference(values_of(here.attributes.means), by), 1e-4 * largest);
        }
        EXPECT_GE(then, static_cast<int>(views.size()));
    }
    EXPECT_EQ(without->recorded(), 0);
}

TEST(CudaGraphs, OtherSizesAreNotRecorded) {
    LONGTAKE_NEEDS_GPU();
    auto views = tile_views(0);
    views[1].camera = test_camera();
    views[1].image = Tensor::zeros({35, 45, 3}, DType::U8);
    const auto loss = ViewLoss::on(Device::Cuda, views, 0.2, true);
    const Cloud cloud = gaussians_in_tiles(0).to(Device::Cuda);
    GradientTensors gradient;
    for (const std::size_t view : {0, 1, 0}) {
        loss->run(cloud, view, {}, gradient);
        EXPECT_EQ(loss->recorded(), 0);
    }
    loss->run(cloud, 2, {}, gradient);  // of the last one's size
    EXPECT_EQ(loss->recorded(), 1);
}

}  // namespace
}  // namespace longtake::gaussians
