#include "render/frame_upload.h"

namespace longtake::render {

FrameUpload::Place HostUpload::bring(Submission& submission, const Tensor& frame) {
    const Tensor here = frame.to(longtake::Device::Cpu);
    const int64_t pixels = here.extent(0) * here.extent(1);
    const auto piece = staging_.take(submission, static_cast<VkDeviceSize>(4 * pixels));
    const uint8_t* from = here.data<uint8_t>();
    auto* to = reinterpret_cast<uint8_t*>(piece.bytes.data());
    for (int64_t i = 0; i < pixels; ++i, from += 3, to += 4) {
        to[0] = from[0];
        to[1] = from[1];
        to[2] = from[2];
        to[3] = 255;
    }
    return {piece.buffer, piece.offset};
}

}  // namespace longtake::render
