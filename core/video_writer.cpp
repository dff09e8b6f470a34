#include "core/video_writer.h"

#include "core/encoded_writer.h"
#include "core/error.h"
#include "core/image.h"
#include "core/png_sequence_writer.h"
#include "core/video_destination.h"

#include <algorithm>
#include <cmath>

namespace longtake {

void check_frames(const Tensor& frames, int64_t height, int64_t width) {
    check(frames.shape().rank() == 4 && frames.extent(1) == height && frames.extent(2) == width &&
              frames.extent(3) == 3 && frames.dtype() == DType::U8 &&
              frames.device() == Device::Cpu,
          "frames are [T, {}, {}, 3] of uint8 in CPU memory, not {} of {}", height, width,
          frames.shape().str(), name_of(frames.dtype()));
}

std::unique_ptr<FrameWriter> make_frame_writer(const std::string& destination,
                                               const VideoOptions& options) {
    VideoOptions settled = options;
    check_input(options.height > 0 && options.width > 0 && options.height <= kMaxImageSide &&
                    options.width <= kMaxImageSide,
                "cannot write frames of {}x{}", options.width, options.height);
    check_input(options.frame_rate.numerator > 0 && options.frame_rate.denominator > 0,
                "cannot write video at {}/{} frames a second", options.frame_rate.numerator,
                options.frame_rate.denominator);
    if (options.group <= 0) {
        settled.group = std::max(1, static_cast<int>(std::lround(options.frame_rate.value())));
    }
    settled.threads = std::max(1, options.threads);
    const auto target = VideoDestination::parse(destination, options.stream_format);
    if (target.kind == VideoDestination::Kind::PngFolder) {
        return std::make_unique<PngSequenceWriter>(target.path, settled);
    }
    return std::make_unique<EncodedWriter>(target, settled);
}

}  // namespace longtake
