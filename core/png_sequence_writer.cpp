#include "core/png_sequence_writer.h"

#include "core/error.h"
#include "core/image.h"

#include <utility>

namespace longtake {
namespace fs = std::filesystem;

PngSequenceWriter::PngSequenceWriter(fs::path folder, const VideoOptions& options)
    : folder_(std::move(folder)), height_(options.height), width_(options.width) {
    std::error_code error;
    fs::create_directories(folder_, error);
    check_input(!error, "cannot make the folder {}: {}", folder_.string(), error.message());
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
        const std::string name = entry.path().filename().string();
        check_input(!(name.starts_with("frame_") && name.ends_with(".png")),
                    "{} already holds frames ({}); choose an empty folder", folder_.string(), name);
    }
    check_input(!error, "cannot read the folder {}: {}", folder_.string(), error.message());
}

void PngSequenceWriter::write(const Tensor& frames) {
    check_frames(frames, height_, width_);
    for (int64_t t = 0; t < frames.extent(0); ++t) {
        const Tensor frame = frames.slice(t, t + 1).reshape({height_, width_, 3});
        write_png(folder_ / fmt::format("frame_{:06}.png", frames_), frame);
        ++frames_;
    }
}

}  // namespace longtake
