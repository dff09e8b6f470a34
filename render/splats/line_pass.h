#pragma once

#include "render/pipeline.h"
#include "render/splats/splat_view.h"
#include "render/staging_ring.h"

#include <span>

namespace longtake::render {

// Lines in the scene, with depth.
class LinePass {
  public:
    LinePass(const Device& device, VkFormat format);

    // Between the beginning and the end of drawing, viewport and scissor set.
    void draw(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
              VkDeviceAddress view, std::span<const Line> lines) const;

  private:
    Pipeline pipeline_;
};

}  // namespace longtake::render
