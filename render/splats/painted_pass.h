#pragma once

#include "render/pipeline.h"
#include "render/splats/splat_view.h"
#include "render/staging_ring.h"

namespace longtake::render {

// Draws a picture that the host painted.
class PaintedPass {
  public:
    PaintedPass(const Device& device, VkFormat format);

    // Between the beginning and the end of drawing, viewport and scissor set.
    void draw(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
              VkDeviceAddress view, const SplatPicture& picture) const;

  private:
    Pipeline pipeline_;
};

}  // namespace longtake::render
