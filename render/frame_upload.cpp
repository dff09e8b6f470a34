#include "render/frame_upload.h"

namespace longtake::render {

VideoFrame::VideoFrame(const Tensor& picture)
    : frames(picture.reshape({1, picture.extent(0), picture.extent(1), picture.extent(2)})) {}

Tensor VideoFrame::picture() const {
    return frames.slice(index, index + 1)
        .reshape({frames.extent(1), frames.extent(2), frames.extent(3)});
}

FrameUpload::Place HostUpload::bring(Submission& submission, const VideoFrame& frame) {
    const Tensor here = frame.picture().to(longtake::Device::Cpu);
    const int64_t pixels = here.extent(0) * here.extent(1);
    const auto piece = staging_.take(submission, static_cast<VkDeviceSize>(4 * pixels));
    const uint8_t* from = here.data<uint8_t>();
    // Whole words: what is written may be the device's own memory.
    auto* to = reinterpret_cast<uint32_t*>(piece.bytes.data());
    for (int64_t i = 0; i < pixels; ++i) {
        to[i] = from[3 * i] | uint32_t{from[3 * i + 1]} << 8 | uint32_t{from[3 * i + 2]} << 16 |
                0xFF000000U;
    }
    return {piece.buffer, piece.offset};
}

}  // namespace longtake::render
