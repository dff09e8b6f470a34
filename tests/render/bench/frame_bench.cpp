// What a new frame of video adds to a picture: frame_bench [options] prints a line of JSON for each
// way the frame takes to the device that draws.
#include "generator/stopwatch.h"
#include "render/renderer.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <vector>

namespace longtake::render {
namespace {

struct Options {
    int width = 832, height = 480;
    double seconds = 2;
};

// Milliseconds for a picture of its size, median; the next frame for each, or the same again.
template <typename Next> double picture_ms(const Options& o, const Device& device, Next&& next) {
    Renderer renderer(device, Offscreen::kFormat);
    const Offscreen target(device,
                           {static_cast<uint32_t>(o.width), static_cast<uint32_t>(o.height)});
    Scene scene;
    scene.video = {0, 0, o.width, o.height};
    const Tensor first = Tensor::zeros({o.height, o.width, 3}, DType::U8);
    scene.frame = &first;
    renderer.draw_only(scene, target);
    std::vector<double> times;
    const generator::Stopwatch all;
    for (size_t i = 0; all.seconds() < o.seconds; ++i) {
        const generator::Stopwatch one;
        const Tensor frame = next(i);
        scene.frame = frame.empty() ? nullptr : &frame;
        renderer.draw_only(scene, target);
        times.push_back(one.milliseconds());
    }
    std::ranges::sort(times);
    return times[times.size() / 2];
}

void measure(const Options& o, const Device& device) {
    std::vector<Tensor> on_host, on_gpu;
    const std::string problem = cuda_upload_problem(device);
    for (int i = 0; i < 16; ++i) {
        Tensor frame({o.height, o.width, 3}, DType::U8);
        for (int64_t k = 0; k < frame.count(); ++k) {
            frame.data<uint8_t>()[k] = static_cast<uint8_t>(7 * k + 31 * i);
        }
        if (problem.empty()) {
            on_gpu.push_back(frame.to(longtake::Device::Cuda));
        }
        on_host.push_back(std::move(frame));
    }
    const double same = picture_ms(o, device, [](size_t) { return Tensor(); });
    const auto report = [&](const char* way, double with) {
        fmt::print(
            "{{\"device\": \"{}\", \"way\": \"{}\", \"frame\": \"{}x{}\", \"ms_without\": {:.4f}, "
            "\"ms_with\": {:.4f}, \"ms_added\": {:.4f}}}\n",
            device.name(), way, o.width, o.height, same, with, with - same);
        std::fflush(stdout);
    };
    const auto nth = [](const std::vector<Tensor>& frames) {
        return [&](size_t i) { return frames[i % frames.size()]; };
    };
    report("host memory, staged", picture_ms(o, device, nth(on_host)));
    if (!problem.empty()) {
        fmt::print("{{\"device\": \"{}\", \"skipped\": \"{}\"}}\n", device.name(), problem);
        return;
    }
    report("GPU memory, shared", picture_ms(o, device, nth(on_gpu)));
    report("GPU memory, over the host", picture_ms(o, device, [&](size_t i) {
               return on_gpu[i % on_gpu.size()].to(longtake::Device::Cpu);
           }));
}

}  // namespace
}  // namespace longtake::render

int main(int argc, char** argv) {
    using namespace longtake::render;
    Options o;
    CLI::App app("What a new frame of video adds to a picture");
    app.add_option("--width", o.width)->capture_default_str();
    app.add_option("--height", o.height)->capture_default_str();
    app.add_option("--seconds", o.seconds)->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    const auto instance = std::make_shared<Instance>(InstanceOptions{});
    const Device device(instance);
    measure(o, device);
}
