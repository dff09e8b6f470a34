// How fast pictures and their gradients are, and how soon a moment of the toy world is learnt:
//   gaussians_bench --benchmark_filter=picture
#include "gaussians/train/static_trainer.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/scenes.h"
#include "tests/gaussians/toyworld_views.h"

#include <benchmark/benchmark.h>

namespace longtake::gaussians {
namespace {

// Footprints of a few pixels, as in a trained scene, on a picture of half the size of N3DV's.
struct LargeScene {
    Camera camera{.width = 1352, .height = 1014, .fx = 730, .fy = 730, .cx = 676, .cy = 507};
    Attributes<float> gaussians;

    explicit LargeScene(int64_t count)
        : gaussians(converted<float>(random_gaussians(
              1, {.count = count, .sh_degree = 2, .scale = 0.01, .spread = 1.5}))) {}
};

void picture_forward(benchmark::State& state) {
    const LargeScene scene(state.range(0));
    Rasterizer<float> rasterizer;
    PlanarPicture<float> picture;
    for (auto _ : state) {
        rasterizer.forward(scene.gaussians.view(), scene.camera, {}, picture);
    }
    state.counters["meetings"] = static_cast<double>(rasterizer.lists().entries.size());
}

void picture_forward_backward(benchmark::State& state) {
    const LargeScene scene(state.range(0));
    Rasterizer<float> rasterizer;
    PlanarPicture<float> picture;
    CloudGradient<float> gradient;
    const auto by = random_weights<float>(scene.camera, 1);
    for (auto _ : state) {
        rasterizer.forward(scene.gaussians.view(), scene.camera, {}, picture);
        rasterizer.backward(scene.gaussians.view(), picture, by, gradient);
    }
}

void loss(benchmark::State& state) {
    const Camera camera{.width = 1352, .height = 1014};
    auto picture = random_weights<float>(camera, 1);
    const LossTarget<float> target(random_weights<float>(camera, 2).colour, 1014, 1352);
    PhotometricLoss<float> photometric;
    auto by = picture.colour;
    for (auto _ : state) {
        benchmark::DoNotOptimize(photometric.run(picture.colour.data(), target, by.data()));
    }
}

// Iterations and seconds of training until the view that nothing was learnt from is at 30 dB.
void toyworld_to_30_db(benchmark::State& state) {
    const ToyworldViews views = toyworld_views(static_cast<uint64_t>(state.range(0)));
    for (auto _ : state) {
        StaticTrainer trainer(views.training, swept_points(views.training, kToyworldPoints, 1),
                              toyworld_options(500));
        TrainingStatus status;
        double psnr = 0;
        while (psnr < 30 && status.iteration < 500) {
            trainer.step();
            status = trainer.status();
            psnr = status.iteration % 10 == 0 ? errors_of(trainer.cloud(), views.held_out).psnr()
                                              : psnr;
        }
        state.counters["iterations"] = static_cast<double>(status.iteration);
        state.counters["dB"] = psnr;
    }
}

// Where 500 iterations end.
void toyworld_500(benchmark::State& state) {
    const ToyworldViews views = toyworld_views(static_cast<uint64_t>(state.range(0)));
    for (auto _ : state) {
        StaticTrainer trainer(views.training, swept_points(views.training, kToyworldPoints, 1),
                              toyworld_options(500));
        trainer.run();
        state.counters["dB"] = errors_of(trainer.cloud(), views.held_out).psnr();
        state.counters["gaussians"] = static_cast<double>(trainer.cloud().count());
    }
}

BENCHMARK(picture_forward)->Arg(10000)->Arg(100000)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(picture_forward_backward)
    ->Arg(10000)
    ->Arg(100000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(loss)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(toyworld_to_30_db)
    ->DenseRange(1, 4)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kSecond);
BENCHMARK(toyworld_500)->DenseRange(1, 4)->Iterations(1)->UseRealTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace longtake::gaussians
