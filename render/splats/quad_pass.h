#pragma once

#include "render/pipeline.h"
#include "render/splats/radix_sort.h"

namespace longtake::render {

// Splats as quadrilaterals around their ellipses, farthest first, behind and before what has depth.
class QuadPass {
  public:
    QuadPass(const Device& device, VkFormat format);

    // Between the beginning and the end of drawing, viewport and scissor set.
    void draw(VkCommandBuffer commands, VkDeviceAddress view, VkDeviceAddress splats,
              const SortMemory& order) const;

  private:
    Pipeline pipeline_;
};

}  // namespace longtake::render
