#include "tests/gaussians/bench/stream_play.h"

#include "core/arena.h"
#include "core/error.h"
#include "gaussians/codec/stream_reader.h"
#include "gaussians/raster/renderer.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace longtake::gaussians {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double free_mib(Device device) {
    return device == Device::Cuda ? static_cast<double>(memory_of(device).free) / (1 << 20) : 0;
}

}  // namespace

PlayTimes play(const std::filesystem::path& path, const Camera& camera, Device device,
               int64_t most) {
    const double free_before = free_mib(device);
    PlayTimes out;
    StreamReader reader(path.string(), {.device = device});
    const RenderOptions options{.near = reader.info().near.value_or(0.01)};
    const auto renderer = Renderer::on(device);
    Arena arena(device);
    for (int64_t frame = 0; frame < most; ++frame) {
        auto start = Clock::now();
        if (!reader.next()) {
            break;
        }
        const double decoded = since(start);
        start = Clock::now();
        const Arena::Scope scope(arena);
        const Cloud cloud = to_cloud(reader.state(), nullptr, &arena);
        synchronize(device, nullptr);
        const double made = since(start);
        start = Clock::now();
        renderer->draw(cloud, camera, options);
        synchronize(device, nullptr);
        if (frame >= 2 && !reader.frame().key) {
            out.decode_ms += decoded;
            out.floats_ms += made;
            out.draw_ms += since(start);
            ++out.frames;
        }
    }
    check(out.frames > 0, "{} has no residuals to measure", path.string());
    for (double* sum : {&out.decode_ms, &out.floats_ms, &out.draw_ms}) {
        *sum /= static_cast<double>(out.frames);
    }
    const int64_t count = reader.frame_count().value();
    for (const int64_t frame : {count / 2 - 1, count - 1, int64_t{1}, count * 3 / 4}) {
        const auto start = Clock::now();
        reader.seek(std::clamp<int64_t>(frame, 0, count - 1));
        reader.next();
        out.worst_seek_ms = std::max(out.worst_seek_ms, since(start));
    }
    out.memory_mib = free_before - free_mib(device);
    StreamReader verifier(path.string(), {.device = device, .verify = true});
    const auto start = Clock::now();
    while (verifier.next()) {
    }
    out.verify_ms = since(start) / static_cast<double>(count);
    return out;
}

void print(const PlayTimes& t, const Camera& camera, Device device) {
    fmt::print(
        "{{\"what\": \"play\", \"device\": \"{}\", \"picture\": \"{}x{}\", \"decode_ms\": {:.2f}, "
        "\"floats_ms\": {:.2f}, \"draw_ms\": {:.2f}, \"frames_per_second\": {:.1f}, "
        "\"worst_seek_ms\": {:.1f}, \"verify_ms\": {:.2f}, \"memory_mib\": {:.0f}}}\n",
        device == Device::Cuda ? "cuda" : "cpu", camera.width, camera.height, t.decode_ms,
        t.floats_ms, t.draw_ms, t.frames_per_second(), t.worst_seek_ms, t.verify_ms, t.memory_mib);
}

}  // namespace longtake::gaussians
