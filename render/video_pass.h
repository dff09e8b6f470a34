#pragma once

#include "core/tensor.h"
#include "render/frame_upload.h"
#include "render/layout.h"
#include "render/pipeline.h"
#include "render/target.h"

#include <array>
#include <cstdint>

namespace longtake::render {

// How a picture grows. Shrinking averages over what a pixel covers, either way.
enum class Scaling : uint8_t {
    Smooth,  // Catmull-Rom, in linear light
    Pixels,  // every pixel of the picture a sharp rectangle
};

// Draws a frame of video. At its own size the target holds exactly the frame's bytes.
class VideoPass {
  public:
    VideoPass(const Device& device, VkFormat target_format, StagingRing& staging);

    // Records the way of the frame to the device.
    void upload(VkCommandBuffer commands, Submission& submission, const VideoFrame& frame);
    // Between begin_drawing and end_drawing.
    void draw(VkCommandBuffer commands, const Rect& where, Scaling scaling) const;
    bool empty() const { return texture_.get() == VK_NULL_HANDLE; }
    VkExtent2D frame_extent() const { return texture_.extent(); }

  private:
    FrameUpload& way_of(const Tensor& frames);

    const Device& device_;
    HostUpload from_host_;
    std::unique_ptr<FrameUpload> from_cuda_;  // once a frame came from there
    bool through_host_ = false;               // frames of CUDA's, too
    Handle<VkSampler> sampler_;
    std::array<Pipeline, 3> pipelines_;  // smooth, sharp, shrunk
    Image texture_;
};

}  // namespace longtake::render
