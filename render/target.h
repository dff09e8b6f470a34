#pragma once

#include "render/vulkan.h"

namespace longtake::render {

// An image to draw to, as the passes see it. Its texels hold sRGB values as they are; shaders
// encode what they write.
struct Target {
    VkImage image;
    VkImageView view;
    VkExtent2D extent;
    VkFormat format;
    VkImageLayout layout_after;  // drawing leaves it in
};

struct Colour {
    float r, g, b;  // sRGB, 0 to 1

    bool operator==(const Colour&) const = default;
};

// Everything between the two draws to `target`, which begins as `clear`.
void begin_drawing(VkCommandBuffer commands, const Target& target, const Colour& clear);
void end_drawing(VkCommandBuffer commands, const Target& target);

}  // namespace longtake::render
