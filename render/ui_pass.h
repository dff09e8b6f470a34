#pragma once

#include "render/pipeline.h"
#include "render/staging_ring.h"

#include <cstdint>
#include <span>

struct ImDrawData;

namespace longtake::render {

// Draws what Dear ImGui made. The one texture is its font.
class UiPass {
  public:
    UiPass(const Device& device, VkFormat target_format);

    // coverage [height, width] of 8 bits.
    void upload_font(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
                     std::span<const uint8_t> coverage, VkExtent2D extent);
    // Between begin_drawing and end_drawing.
    void draw(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
              const ImDrawData& data) const;

  private:
    const Device& device_;
    Handle<VkSampler> sampler_;
    Pipeline pipeline_;
    Image font_;
};

}  // namespace longtake::render
