// How fast the GPU makes pictures of Gaussians and their gradients, a line of JSON for each scene
// and size. With a folder as its argument it leaves the scenes and pictures there for
// gsplat_bench.py:
//   raster_cuda_bench /tmp/scenes && python3 gsplat_bench.py /tmp/scenes
#include "core/cuda.h"
#include "core/safetensors.h"
#include "gaussians/raster/cuda_rasterizer.h"
#include "tests/gaussians/bench/random_scene.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr int kWarmUp = 10, kRepeats = 50;
constexpr std::array<int64_t, 3> kCounts{300'000, 1'000'000, 6'000'000};
constexpr std::array<std::pair<int64_t, int64_t>, 2> kSizes{{{1352, 1014}, {1920, 1080}}};

std::vector<std::pair<std::string, Tensor>> columns_of(const Cloud& c) {
    return {{"means", c.means},         {"log_scales", c.log_scales}, {"rotations", c.rotations},
            {"opacities", c.opacities}, {"sh_dc", c.sh_dc},           {"sh_rest", c.sh_rest}};
}

// The gradient of the sum of a picture's colours.
Picture ones(const Camera& camera) {
    Tensor colour({3, camera.height, camera.width}, DType::F32);
    std::ranges::fill(colour.values<float>(), 1.F);
    return {.colour = colour.to(Device::Cuda), .alpha = {}, .depth = {}};
}

struct Measured {
    RasterTimes parts;  // medians, milliseconds
    double frame;       // milliseconds from one to the next, as the clock on the wall says
};

template <typename Frame>
Measured measure(const CudaStream& stream, const CudaRasterizer& rasterizer, const Frame& frame) {
    for (int i = 0; i < kWarmUp; ++i) {
        frame();
    }
    std::vector<RasterTimes> all(kRepeats);
    for (RasterTimes& times : all) {
        frame();
        times = rasterizer.times();
    }
    Measured measured{};
    for (float RasterTimes::*part :
         {&RasterTimes::project, &RasterTimes::sort_by_depth, &RasterTimes::list,
          &RasterTimes::sort_by_tile, &RasterTimes::blend, &RasterTimes::blend_backward,
          &RasterTimes::project_backward}) {
        std::ranges::sort(all, {}, part);
        measured.parts.*part = all[kRepeats / 2].*part;
    }
    stream.synchronize();
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRepeats; ++i) {
        frame();
    }
    stream.synchronize();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    measured.frame = took.count() / kRepeats;
    return measured;
}

// Gigabytes per second.
double rate(double bytes, float milliseconds) {
    return bytes / (1e6 * static_cast<double>(milliseconds));
}

void print(const char* what, const Cloud& cloud, const Camera& camera,
           const CudaRasterizer& rasterizer, const Measured& m) {
    const auto n = static_cast<double>(cloud.count());
    const double attributes = 4 * 59 * n, splats = 48 * n;
    const double instances = static_cast<double>(rasterizer.instances());
    const int tile_bits = std::bit_width(
        static_cast<unsigned>(((camera.width + 15) / 16) * ((camera.height + 15) / 16)));
    const double passes = (tile_bits + 7) / 8;  // of a radix sort, 8 bits each
    fmt::print(R"({{"what": "{}", "gaussians": {}, "width": {}, "height": {}, "instances": {}, )"
               R"("frame_ms": {:.4f}, "frames_per_second": {:.1f}, "project_ms": {:.4f}, )"
               R"("sort_by_depth_ms": {:.4f}, "list_ms": {:.4f}, "sort_by_tile_ms": {:.4f}, )"
               R"("blend_ms": {:.4f}, "blend_backward_ms": {:.4f}, "project_backward_ms": {:.4f}, )"
               R"("project_GBps": {:.0f}, "sort_by_tile_GBps": {:.0f}, "buffers_MB": {:.0f}}})"
               "\n",
               what, cloud.count(), camera.width, camera.height, rasterizer.instances(), m.frame,
               1000 / m.frame, m.parts.project, m.parts.sort_by_depth, m.parts.list,
               m.parts.sort_by_tile, m.parts.blend, m.parts.blend_backward,
               m.parts.project_backward, rate(attributes + splats + 12 * n, m.parts.project),
               rate(instances * (4 + 16 * passes), m.parts.sort_by_tile),
               static_cast<double>(rasterizer.bytes()) / 1e6);
    std::fflush(stdout);
}

void run(const std::filesystem::path& folder) {
    const CudaStream stream;
    for (const int64_t count : kCounts) {
        const Cloud scene = scene_of(count), cloud = scene.to(Device::Cuda);
        auto saved = columns_of(scene);
        for (const auto& [width, height] : kSizes) {
            const Camera camera = camera_of(width, height);
            CudaRasterizer rasterizer(stream);
            Picture picture;
            const auto forward = [&](CudaRasterizer::Keep keep) {
                rasterizer.forward(cloud, camera, {}, picture, keep);
            };
            print("forward", cloud, camera, rasterizer,
                  measure(stream, rasterizer, [&] { forward(CudaRasterizer::Keep::Nothing); }));
            saved.emplace_back(fmt::format("picture_{}x{}", width, height),
                               picture.colour.to(Device::Cpu));
            const Picture by = ones(camera);
            GradientTensors gradient;
            print("forward and backward", cloud, camera, rasterizer,
                  measure(stream, rasterizer, [&] {
                      forward(CudaRasterizer::Keep::WhatGradientsNeed);
                      rasterizer.backward(cloud, picture, by, gradient);
                  }));
        }
        if (!folder.empty()) {
            std::filesystem::create_directories(folder);
            write_safetensors(folder / fmt::format("{}.safetensors", count), saved);
        }
    }
}

}  // namespace
}  // namespace longtake::gaussians

int main(int argc, char** argv) {
    try {
        longtake::gaussians::run(argc > 1 ? argv[1] : "");
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
