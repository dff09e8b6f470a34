#pragma once

#include "render/compute_pipeline.h"
#include "render/pass_clock.h"
#include "render/splats/radix_sort.h"
#include "render/target.h"

namespace longtake::render {

// Splats by compute shaders: listed for the tiles of 16 x 16 pixels that they meet, blended nearest
// first, each pixel until nothing more shows or a line does. For devices whose raster units are no
// match for the rest of them.
class TilePass {
  public:
    explicit TilePass(const Device& device);

    // What the splats are before: lines with their depths, which hide and are hidden, a background.
    struct Under {
        VkImage colour, depth;  // in layouts that are copied from; no images: no lines
        Colour background;
        bool blue_first;  // in the picture's pixels
    };
    // Draws splats as `order` says into a picture of four bytes a pixel.
    void record(VkCommandBuffer commands, const RadixSort& sort, VkDeviceAddress view,
                VkDeviceAddress splats, const SortMemory& order, VkExtent2D extent,
                const Under& under, PassClock* clock);
    const Buffer& picture() const { return picture_; }

    // Once that is done: true when there was no room for all meetings of splats and tiles, of which
    // the farthest are left out. There is from now on.
    bool grow();

  private:
    void resize(uint32_t count, VkExtent2D extent);

    const Device& device_;
    ComputePipeline count_, list_, ranges_pass_, blend_;
    SortMemory by_tile_;
    Buffer counts_, sums_;  // of splats in order, of their blocks
    Buffer ranges_;         // [tiles + 1, 2]; the last is of what belongs to none
    Buffer line_colours_, line_depths_, picture_;
    Buffer wanted_;  // on the host: the number of meetings
    VkExtent2D extent_{};
};

}  // namespace longtake::render
