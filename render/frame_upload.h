#pragma once

#include "core/tensor.h"
#include "render/staging_ring.h"

#include <memory>
#include <string>

namespace longtake::render {

// The way of a frame of video to the device that draws it.
class FrameUpload {
  public:
    struct Place {  // of pixels of four bytes, rows without gaps
        VkBuffer buffer;
        VkDeviceSize offset;
    };

    virtual ~FrameUpload() = default;
    // frame [H, W, 3] of 8-bit sRGB, complete -> where the submission that is being recorded can
    // copy it from.
    virtual Place bring(Submission& submission, const Tensor& frame) = 0;
};

// Through memory of the host: frames of every device.
class HostUpload : public FrameUpload {
  public:
    explicit HostUpload(StagingRing& staging) : staging_(staging) {}
    Place bring(Submission& submission, const Tensor& frame) override;

  private:
    StagingRing& staging_;
};

// From one memory of the GPU to the other: frames of CUDA's GPU, where Vulkan draws on the same.
std::unique_ptr<FrameUpload> make_cuda_upload(const Device& device);
// Why there is no such way; empty when there is.
std::string cuda_upload_problem(const Device& device);

}  // namespace longtake::render
