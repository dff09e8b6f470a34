#pragma once

#include "core/tensor.h"
#include "render/staging_ring.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace longtake::render {

// A frame of video, one of those that came together.
struct VideoFrame {
    VideoFrame() = default;
    explicit VideoFrame(const Tensor& picture);  // [H, W, 3], alone
    VideoFrame(Tensor all, int64_t which) : frames(std::move(all)), index(which) {}

    bool empty() const { return frames.empty(); }
    Tensor picture() const;  // [H, W, 3]

    Tensor frames;  // [T, H, W, 3] of 8-bit sRGB, complete, of the host or of CUDA's GPU
    int64_t index = 0;
};

// The way of a frame of video to the device that draws it.
class FrameUpload {
  public:
    struct Place {  // of pixels of four bytes, rows without gaps
        VkBuffer buffer;
        VkDeviceSize offset;
    };

    virtual ~FrameUpload() = default;
    // Where the submission that is being recorded can copy the frame from.
    virtual Place bring(Submission& submission, const VideoFrame& frame) = 0;
};

// Through memory of the host: frames of every device.
class HostUpload : public FrameUpload {
  public:
    explicit HostUpload(StagingRing& staging) : staging_(staging) {}
    Place bring(Submission& submission, const VideoFrame& frame) override;

  private:
    StagingRing& staging_;
};

// From one memory of the GPU to the other: frames of CUDA's GPU, where Vulkan draws on the same.
// All that came together go over with the first of them that is drawn: handing over takes longer
// than the copy.
std::unique_ptr<FrameUpload> make_cuda_upload(const Device& device);
// Why there is no such way; empty when there is.
std::string cuda_upload_problem(const Device& device);

}  // namespace longtake::render
