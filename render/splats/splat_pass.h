#pragma once

#include "render/layout.h"
#include "render/pass_clock.h"
#include "render/pipeline.h"
#include "render/splats/line_pass.h"
#include "render/splats/painted_pass.h"
#include "render/splats/quad_pass.h"
#include "render/splats/splat_projection.h"
#include "render/splats/tile_pass.h"
#include "render/staging_ring.h"
#include "render/target.h"

#include <optional>

namespace longtake::render {

// Where splats are sorted by depth.
enum class SplatOrder : uint8_t { Device, Host };

// Draws a scene of splats and lines into a picture of its own, in which colours add up in 16-bit
// floats, and lays that over a target. Colours are sRGB values and blended as such, as the
// Gaussians were trained.
class SplatPass {
  public:
    SplatPass(const Device& device, VkFormat target_format);

    // Takes another way than what suits the device best, where one is given.
    void force(std::optional<SplatOrder> order) { order_ = order.value_or(order_); }
    void force(std::optional<SplatMethod> method) { method_ = method.value_or(method_); }

    // Times the passes from now on; `clock` outlives them. Null: no more.
    void watch(PassClock* clock) { clock_ = clock; }

    // Brings what is new of the splats to the device, in submissions of its own.
    void update(Submission& submission, StagingRing& staging, const SplatView& view);
    // Draws the picture, of the size of `where`; before the target's drawing begins. True when the
    // target has it already, on the background: drawing must keep that.
    bool render(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
                const SplatView& view, const Rect& where, const Target& target,
                const Colour& background);
    // Once that is done: true when it has to be drawn again, because there was no room for it.
    bool grow() { return method_ == SplatMethod::Tiles && tiles_.grow(); }
    // Else lays it over the target: between begin_drawing and end_drawing.
    void composite(VkCommandBuffer commands, const Rect& where) const;

  private:
    static constexpr VkFormat kFormat = VK_FORMAT_R16G16B16A16_SFLOAT;
    void resize(VkExtent2D extent);
    void sort(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
              const SplatView& view, VkDeviceAddress shader_view);
    void draw_tiles(VkCommandBuffer commands, VkDeviceAddress shader_view, bool lined,
                    const Target& target, const Colour& background);
    void begin(VkCommandBuffer commands, bool with_depth) const;
    void finish(VkCommandBuffer commands) const;

    const Device& device_;
    SplatOrder order_;
    SplatMethod method_;
    SplatMemory memory_;
    RadixSort sort_;
    SortMemory by_depth_;
    SplatProjection projection_;
    LinePass lines_;
    PaintedPass painted_;
    QuadPass quads_;
    TilePass tiles_;
    Handle<VkSampler> sampler_;
    Pipeline composite_;
    Image colour_, depth_;
    PassClock* clock_ = nullptr;
};

}  // namespace longtake::render
