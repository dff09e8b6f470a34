// How long the GPU takes for a step of training, launched kernel by kernel and as graphs: a line of
// JSON for each size and trainer, with the medians of some runs of each in turns.
#include "core/device.h"
#include "gaussians/raster/renderer.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/train/residual_trainer.h"
#include "gaussians/train/static_trainer.h"
#include "tests/gaussians/bench/random_scene.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr int kRuns = 5, kViews = 8;
constexpr double kExtent = 5;

struct Size {
    int64_t gaussians, width, height;
    int steps;  // of a run
};
constexpr std::array<Size, 5> kSizes{{{5'000, 256, 144, 400},
                                      {20'000, 256, 144, 400},
                                      {60'000, 676, 507, 240},
                                      {150'000, 1352, 1014, 160},
                                      {300'000, 1352, 1014, 160}}};

// Cameras beside each other.
std::vector<TrainingView> views_of(const Cloud& cloud, const Size& size, double brighter) {
    const auto renderer = Renderer::on(Device::Cuda);
    Cloud shown = cloud;
    shown.sh_dc = cloud.sh_dc.clone();
    for (float& v : shown.sh_dc.values<float>()) {
        v += static_cast<float>(brighter);
    }
    shown = shown.to(Device::Cuda);
    std::vector<TrainingView> views;
    for (int i = 0; i < kViews; ++i) {
        Camera camera = camera_of(size.width, size.height);
        camera.translation[0] = 0.05 * (i - 0.5 * kViews);
        const Tensor image = to_image(renderer->draw(shown, camera).colour);
        views.push_back({camera, image.to(Device::Cpu)});
    }
    return views;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Milliseconds of a step, by graphs or not, in turns.
template <typename Run> std::array<double, 2> measure(const Run& run) {
    std::array<std::vector<double>, 2> all;
    for (int i = 0; i < kRuns; ++i) {
        for (const bool graphs : {false, true}) {
            all[graphs ? 1 : 0].push_back(1e3 * run(graphs));
        }
    }
    std::array<double, 2> medians{};
    for (std::size_t k = 0; k < 2; ++k) {
        std::ranges::sort(all[k]);
        medians[k] = all[k][kRuns / 2];
    }
    return medians;
}

void print(const char* what, const Size& size, const std::array<double, 2>& ms) {
    fmt::print(R"({{"what": "{}", "gaussians": {}, "width": {}, "height": {}, )"
               R"("step_ms": {:.4f}, "step_as_graphs_ms": {:.4f}, "gain": {:.3f}}})"
               "\n",
               what, size.gaussians, size.width, size.height, ms[0], ms[1], ms[0] / ms[1]);
    std::fflush(stdout);
}

void run(const Size& size) {
    const Cloud cloud = scene_of(size.gaussians);
    const auto views = views_of(cloud, size, 0.3);

    TrainingOptions options{.iterations = 1'000'000, .sh_degree = 3, .sh_every = 1};
    options.densify_until = 0;
    const auto trainer = [&](bool graphs) {
        options.graphs = graphs;
        auto made = std::make_unique<StaticTrainer>(views, cloud, kExtent, options, Device::Cuda);
        for (int i = 0; i < 2 * kViews; ++i) {
            made->step();
        }
        return made;
    };
    const std::array<std::unique_ptr<StaticTrainer>, 2> statics{trainer(false), trainer(true)};
    print("static", size, measure([&](bool graphs) {
              StaticTrainer& learns = *statics[graphs ? 1 : 0];
              learns.cloud();  // waits
              const auto start = std::chrono::steady_clock::now();
              for (int i = 0; i < size.steps; ++i) {
                  learns.step();
              }
              learns.cloud();
              return seconds_since(start) / size.steps;
          }));

    ResidualOptions residual = queen_residuals(size.steps / kViews);
    residual.densify_round = residual.rounds;
    const Latents rest = Latents::start(cloud.count(), queen_latents(kMaxShDegree),
                                        3 * sh_rest_count(kMaxShDegree), 0.1, Device::Cpu, 1);
    const FixedCloud first = to_fixed(cloud, rest, mean_step_of(kExtent));
    const auto follower = [&](bool graphs) {
        residual.graphs = graphs;
        return std::make_unique<ResidualTrainer>(views, first, kExtent, residual, Device::Cuda);
    };
    const std::array<std::unique_ptr<ResidualTrainer>, 2> follow{follower(false), follower(true)};
    std::vector<Tensor> images;
    for (const TrainingView& view : views_of(cloud, size, 0.4)) {
        images.push_back(view.image);
    }
    print("residual", size, measure([&](bool graphs) {
              ResidualTrainer& learns = *follow[graphs ? 1 : 0];
              learns.next(images);
              return learns.last().learn_seconds / static_cast<double>(residual.rounds * kViews);
          }));
}

}  // namespace
}  // namespace longtake::gaussians

int main() {
    try {
        for (const auto& size : longtake::gaussians::kSizes) {
            longtake::gaussians::run(size);
        }
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
