// What a new frame of video adds to a picture: frame_bench [options] prints a line of JSON for each
// way the frame takes to the device that draws.
#include "generator/stopwatch.h"
#include "render/renderer.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdint>
#include <vector>

namespace longtake::render {
namespace {

struct Options {
    int width = 832, height = 480;
    double seconds = 2;
};

constexpr int64_t kChunk = 12, kChunks = 4;

// Milliseconds for a picture of its size, mean; the next frame for each, or the same again.
template <typename Next> double picture_ms(const Options& o, const Device& device, Next&& next) {
    Renderer renderer(device, Offscreen::kFormat);
    const Offscreen target(device,
                           {static_cast<uint32_t>(o.width), static_cast<uint32_t>(o.height)});
    Scene scene;
    scene.video = {0, 0, o.width, o.height};
    const VideoFrame first(Tensor::zeros({o.height, o.width, 3}, DType::U8));
    scene.frame = &first;
    int64_t drawn = 0;
    const auto draw = [&] {
        const VideoFrame frame = next(drawn++);
        scene.frame = frame.empty() ? nullptr : &frame;
        renderer.draw_only(scene, target);
    };
    renderer.draw_only(scene, target);
    while (drawn < 2 * kChunk) {
        draw();
    }
    const generator::Stopwatch watch;
    drawn = 0;
    while (watch.seconds() < o.seconds || drawn % kChunk != 0) {
        draw();
    }
    return watch.milliseconds() / static_cast<double>(drawn);
}

std::vector<Tensor> chunks_of(const Options& o) {
    std::vector<Tensor> chunks;
    for (int64_t i = 0; i < kChunks; ++i) {
        Tensor frames({kChunk, o.height, o.width, 3}, DType::U8);
        for (int64_t k = 0; k < frames.count(); ++k) {
            frames.data<uint8_t>()[k] = static_cast<uint8_t>(7 * k + 31 * i);
        }
        chunks.push_back(std::move(frames));
    }
    return chunks;
}

void measure(const Options& o, const Device& device) {
    const std::vector<Tensor> on_host = chunks_of(o);
    const double same = picture_ms(o, device, [](int64_t) { return VideoFrame(); });
    const auto report = [&](const char* way, double with) {
        fmt::print(
            "{{\"device\": \"{}\", \"way\": \"{}\", \"frame\": \"{}x{}\", \"chunk\": {}, "
            "\"ms_without\": {:.4f}, \"ms_with\": {:.4f}, \"ms_added\": {:.4f}}}\n",
            device.name(), way, o.width, o.height, kChunk, same, with, with - same);
        std::fflush(stdout);
    };
    const auto nth = [](const std::vector<Tensor>& chunks) {
        return [&](int64_t i) {
            return VideoFrame(chunks[static_cast<size_t>(i / kChunk % kChunks)], i % kChunk);
        };
    };
    report("host memory, staged", picture_ms(o, device, nth(on_host)));
    if (const std::string problem = cuda_upload_problem(device); !problem.empty()) {
        fmt::print("{{\"device\": \"{}\", \"skipped\": \"{}\"}}\n", device.name(), problem);
        return;
    }
    std::vector<Tensor> on_gpu;
    for (const Tensor& chunk : on_host) {
        on_gpu.push_back(chunk.to(longtake::Device::Cuda));
    }
    const auto next = nth(on_gpu);
    report("GPU memory, shared", picture_ms(o, device, next));
    report("GPU memory, shared, each frame by itself",
           picture_ms(o, device, [&](int64_t i) { return VideoFrame(next(i).picture()); }));
    report("GPU memory, over the host", picture_ms(o, device, [&](int64_t i) {
               return VideoFrame(next(i).picture().to(longtake::Device::Cpu));
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
