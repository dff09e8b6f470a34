// How fast splats are drawn: splat_bench [options] prints a line of JSON for each method.
#include "gaussians/formats/cloud_file.h"
#include "gaussians/raster/renderer.h"
#include "generator/stopwatch.h"
#include "render/renderer.h"
#include "tests/render/random_splats.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numbers>
#include <vector>

namespace longtake::render {
namespace {

struct Options {
    int64_t count = 20'000;
    int degree = 3, width = 832, height = 480;
    float size = 0.01F;  // typical standard deviation; the ball has a radius of about 1
    double seconds = 3;
    std::string file;
};

Splats splats_of(const Options& o) {
    if (o.file.empty()) {
        return random_splats(o.count, o.degree, o.size);
    }
    const gaussians::Cloud cloud = gaussians::read_cloud(o.file);
    return {.means = cloud.means,
            .log_scales = cloud.log_scales,
            .rotations = cloud.rotations,
            .opacities = cloud.opacities,
            .sh_dc = cloud.sh_dc,
            .sh_rest = cloud.sh_rest,
            .marks = {}};
}

// Once around in 200 pictures.
Pinhole camera_of(const Options& o, int picture) {
    Pinhole camera = camera_at(2.5, o.width, o.height);
    const double turn = 2 * std::numbers::pi * picture / 200, c = std::cos(turn),
                 s = std::sin(turn);
    for (size_t row = 0; row < 3; ++row) {
        const double x = camera.rotation[3 * row], z = camera.rotation[3 * row + 2];
        camera.rotation[3 * row] = c * x - s * z;
        camera.rotation[3 * row + 2] = s * x + c * z;
    }
    return camera;
}

// What each pass takes on the device, of pictures once around: "name": median, ...
std::string passes_of(const Device& device, Renderer& renderer,
                      const std::function<void(int)>& draw) {
    PassClock clock(device);
    renderer.watch(&clock);
    std::vector<std::pair<std::string, std::vector<double>>> passes;
    for (int i = 0; i < 200; i += 4) {
        draw(i);
        const auto read = clock.read();
        passes.resize(read.size());
        for (size_t k = 0; k < read.size(); ++k) {
            passes[k].first = read[k].first;
            passes[k].second.push_back(read[k].second);
        }
    }
    renderer.watch(nullptr);
    std::string text;
    for (auto& [name, times] : passes) {
        std::ranges::sort(times);
        text += fmt::format("{}\"{}\": {:.4f}", text.empty() ? "" : ", ", name,
                            times[times.size() / 2]);
    }
    return text;
}

// Without a method the rasterizer that trains draws, on the CPU.
void measure(const Options& o, const Device& device, const Splats& splats,
             std::optional<SplatMethod> method, const char* name) {
    const auto painter = gaussians::Renderer::on(longtake::Device::Cpu);
    const gaussians::Cloud cloud{splats.means,     splats.log_scales, splats.rotations,
                                 splats.opacities, splats.sh_dc,      splats.sh_rest};
    SplatPicture picture;
    Renderer renderer(device, Offscreen::kFormat);
    renderer.splats().force(method);
    const Offscreen target(device,
                           {static_cast<uint32_t>(o.width), static_cast<uint32_t>(o.height)});
    SplatView view;
    view.splats = &splats;
    Scene scene;
    scene.splats = &view;
    scene.video = {0, 0, o.width, o.height};
    const auto draw = [&](int number) {
        view.camera = camera_of(o, number);
        if (!method) {
            view.painter = [&]() -> const SplatPicture& {
                const auto& drawn = painter->draw(cloud, view.camera);
                picture = {drawn.colour, drawn.alpha};
                return picture;
            };
        }
        renderer.draw_only(scene, target);
    };
    for (int i = 0; i < 3; ++i) {
        draw(i);
    }
    const std::string passes = passes_of(device, renderer, draw);
    std::vector<double> times;
    const generator::Stopwatch all;
    const std::clock_t cpu = std::clock();
    while (all.seconds() < o.seconds) {
        const generator::Stopwatch one;
        draw(static_cast<int>(times.size()));
        times.push_back(1e3 * one.seconds());
    }
    const double mean = 1e3 * all.seconds() / static_cast<double>(times.size());
    const double cpu_ms = 1e3 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC /
                          static_cast<double>(times.size());
    std::ranges::sort(times);
    fmt::print(
        "{{\"device\": \"{}\", \"method\": \"{}\", \"splats\": {}, \"degree\": {}, "
        "\"picture\": \"{}x{}\", \"pictures\": {}, \"ms\": {:.3f}, \"median_ms\": {:.3f}, "
        "\"least_ms\": {:.3f}, \"cpu_ms\": {:.1f}, "
        "\"fps\": {:.1f}, \"passes_ms\": {{{}}}}}\n",
        device.name(), name, splats.count(), splats.sh_degree(), o.width, o.height, times.size(),
        mean, times[times.size() / 2], times[0], cpu_ms, 1e3 / mean, passes);
    std::fflush(stdout);
}

}  // namespace
}  // namespace longtake::render

int main(int argc, char** argv) {
    using namespace longtake::render;
    Options o;
    CLI::App app("How fast splats are drawn");
    app.add_option("--count", o.count)->capture_default_str();
    app.add_option("--degree", o.degree)->capture_default_str();
    app.add_option("--width", o.width)->capture_default_str();
    app.add_option("--height", o.height)->capture_default_str();
    app.add_option("--scale", o.size)->capture_default_str();
    app.add_option("--seconds", o.seconds)->capture_default_str();
    app.add_option("--file", o.file);
    CLI11_PARSE(app, argc, argv);
    const auto instance = std::make_shared<Instance>(InstanceOptions{});
    const Device device(instance);
    const Splats splats = splats_of(o);
    measure(o, device, splats, SplatMethod::Quads, "quads");
    measure(o, device, splats, SplatMethod::Tiles, "tiles");
    if (device.is_cpu()) {
        measure(o, device, splats, std::nullopt, "painted");
    }
}
