#pragma once

#include "core/tensor.h"
#include "render/memory.h"
#include "render/submission.h"
#include "render/target.h"

namespace longtake::render {

// An image to draw to where there is no window, and the way back to the host.
class Offscreen {
  public:
    static constexpr VkFormat kFormat = VK_FORMAT_R8G8B8A8_UNORM;

    Offscreen(const Device& device, VkExtent2D extent);

    Target target() const;
    // To be recorded after drawing to it.
    void record_read_back(VkCommandBuffer commands) const;
    // [H, W, 3] of 8-bit sRGB, once that submission is done.
    Tensor picture() const;

  private:
    Image image_;
    Buffer host_;
};

}  // namespace longtake::render
