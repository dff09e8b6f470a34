#pragma once

#include "core/tensor.h"
#include "render/layout.h"
#include "render/pipeline.h"
#include "render/staging_ring.h"
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
    VideoPass(const Device& device, VkFormat target_format);

    // Records the way of frame [H, W, 3] of 8-bit sRGB in host memory to the device.
    void upload(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
                const Tensor& frame);
    // Between begin_drawing and end_drawing.
    void draw(VkCommandBuffer commands, const Rect& where, Scaling scaling) const;
    bool empty() const { return texture_.get() == VK_NULL_HANDLE; }
    VkExtent2D frame_extent() const { return texture_.extent(); }

  private:
    const Device& device_;
    Handle<VkSampler> sampler_;
    std::array<Pipeline, 3> pipelines_;  // smooth, sharp, shrunk
    Image texture_;
};

}  // namespace longtake::render
