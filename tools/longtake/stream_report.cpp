#include "tools/longtake/stream_report.h"

#include "core/error.h"
#include "core/progress.h"
#include "gaussians/codec/stream_reader.h"
#include "tools/longtake/interrupt.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace longtake::cli {
namespace {

using gaussians::FrameHeader;
using gaussians::kPartNames;
using gaussians::kStreamParts;

// Of each frame, without decoding.
std::vector<FrameHeader> frames_of(gaussians::StreamReader& reader) {
    std::vector<FrameHeader> frames;
    if (const auto count = reader.frame_count()) {
        for (int64_t i = 0; i < *count; ++i) {
            frames.push_back(reader.header(i));
        }
        return frames;
    }
    while (reader.next()) {  // a pipe
        frames.push_back(reader.frame());
    }
    return frames;
}

void print_frame(const FrameHeader& frame) {
    fmt::print("{:>6} {:>3} {:>9} {:>9} {:>10}", frame.number, frame.key ? "key" : "", frame.count,
               frame.changed, frame.bytes);
    for (const FrameHeader::Part& part : frame.parts) {
        fmt::print(" {:>9}", fmt::format("{}{}", part.bytes, part.packed ? "z" : ""));
    }
    fmt::print("\n");
}

// Bytes of frames of a kind, on average.
void print_mean(const std::vector<FrameHeader>& frames, bool keys, std::string_view name) {
    double bytes = 0, count = 0;
    for (const FrameHeader& frame : frames) {
        bytes += frame.key == keys ? frame.bytes : 0;
        count += frame.key == keys ? 1 : 0;
    }
    if (count > 0) {
        fmt::print("{} {}, {:.0f} bytes each\n", count, name, bytes / count);
    }
}

void decode_all(const std::string& address) {
    gaussians::StreamReader reader(address, {.verify = true});
    std::optional<Progress> progress;  // drawn once there is some
    while (reader.next()) {
        if (!progress) {
            progress.emplace("verify", reader.frame_count().value_or(0));
        }
        progress->advance(1);
        if (interrupted()) {
            throw Interrupted{};
        }
    }
}

}  // namespace

void print_stream(const std::string& address, const StreamReport& report) {
    gaussians::StreamReader reader(address, {.verify = report.verify});
    if (report.verify && reader.frame_count()) {  // a pipe is decoded on the way
        decode_all(address);
    }
    const gaussians::StreamInfo& info = reader.info();
    const std::vector<FrameHeader> frames = frames_of(reader);
    const double rate = info.frame_rate.value();
    fmt::print("stream of Gaussians, {} frames at {:.6g} frames/s, {:.3f} s{}\n", frames.size(),
               rate, static_cast<double>(frames.size()) / rate,
               reader.finished() ? "" : ", no index: it grows or was cut off");
    fmt::print(
        "spherical harmonics of degree {}, {} latents, centres in steps of {:.3g}, {} "
        "cameras\n",
        info.sh_degree, info.latents, info.mean_step, info.cameras.size());
    for (const auto& [key, value] : info.notes) {
        fmt::print("{}: {}\n", key, value);
    }
    print_mean(frames, true, "keys");
    print_mean(frames, false, "other frames");
    fmt::print("\n{:>6} {:>3} {:>9} {:>9} {:>10}", "frame", "", "Gaussians", "changed", "bytes");
    for (const std::string_view name : kPartNames) {
        fmt::print(" {:>9}", name);
    }
    fmt::print("   z: by zstd\n");
    std::ranges::for_each(frames, print_frame);
    if (report.cameras) {
        fmt::print("\n");
        for (const gaussians::Camera& camera : info.cameras) {
            const auto at = camera.centre();
            fmt::print("camera {}x{}, focal length {:.1f}, at {:.3f} {:.3f} {:.3f}\n", camera.width,
                       camera.height, camera.fx, at[0], at[1], at[2]);
        }
    }
    if (report.verify) {
        fmt::print("verified: all {} frames decode to what was written\n", frames.size());
    }
}

}  // namespace longtake::cli
