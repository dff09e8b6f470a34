#pragma once

#include "render/layout.h"
#include "render/vulkan.h"

#include <optional>

namespace longtake::render {

// An image to draw to, as the passes see it. Its texels hold sRGB values as they are; shaders
// encode what they write.
struct Target {
    VkImage image;
    VkImageView view;
    VkExtent2D extent;
    VkFormat format;
    VkImageLayout layout_after;  // drawing leaves it in
    bool takes_copies;           // from buffers, of four bytes a pixel
};

struct Colour {
    float r, g, b;  // sRGB, 0 to 1

    bool operator==(const Colour&) const = default;
};

// Copies a picture of the size of `where`, four bytes a pixel in the order of the target's format,
// to a target that takes copies, and clears what is around it. Before its drawing begins.
void copy_to(const Target& target, VkCommandBuffer commands, VkBuffer picture, const Rect& where,
             const Colour& background);
// Everything between the two draws to `target`, which begins as `clear`; without that, as what was
// copied to it before.
void begin_drawing(VkCommandBuffer commands, const Target& target,
                   const std::optional<Colour>& clear);
void end_drawing(VkCommandBuffer commands, const Target& target);

}  // namespace longtake::render
