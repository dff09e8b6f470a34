#pragma once

#include "core/tensor.h"
#include "render/offscreen.h"
#include "render/splats/splat_pass.h"
#include "render/staging_ring.h"
#include "render/submission.h"
#include "render/swapchain.h"
#include "render/ui_pass.h"
#include "render/video_pass.h"

#include <memory>
#include <optional>
#include <span>

namespace longtake::render {

// Coverage of a font's glyphs, [height, width] of 8 bits.
struct FontPicture {
    std::span<const uint8_t> coverage;
    VkExtent2D extent;
};

// One picture of the screen: a frame of video or a scene of splats below, the user interface above.
struct Scene {
    Colour background{0, 0, 0};
    const VideoFrame* frame = nullptr;  // where it differs from the one before
    const FontPicture* font = nullptr;  // likewise
    const SplatView* splats = nullptr;  // instead of a frame
    Rect video = {};                    // where either goes
    Scaling scaling = Scaling::Smooth;
    const ImDrawData* ui = nullptr;
};

// Draws scenes to targets of one format.
class Renderer {
  public:
    Renderer(const Device& device, VkFormat format);
    ~Renderer();  // waits until nothing is drawn any more
    Renderer(const Renderer&) = delete;
    Renderer& operator=(const Renderer&) = delete;

    // Draws and reads back; returns [H, W, 3] of 8-bit sRGB.
    Tensor draw(const Scene& scene, Offscreen& target);
    // The same without reading back; done when it returns.
    void draw_only(const Scene& scene, const Offscreen& target);
    // Draws and shows; false when the window could not take a picture just now: the frame and the
    // font then still have to be given.
    bool draw(const Scene& scene, Swapchain& swapchain, VkExtent2D extent);

    // Times the passes of splats, and what lays their picture over the target, from now on; `clock`
    // outlives them. Null: no more.
    void watch(PassClock* clock);

    // Of splats, which pass there is once some were drawn.
    SplatPass& splats();

  private:
    template <typename Draw> void draw_twice_at_most(const Scene& scene, const Draw& draw);
    void prepare(const Scene& scene);
    void record(VkCommandBuffer commands, const Scene& scene, const Target& target);

    const Device& device_;
    Submission submission_;
    StagingRing staging_;
    VkFormat format_;
    VideoPass video_;
    std::unique_ptr<SplatPass> splats_;  // once there are any
    UiPass ui_;
    PassClock* clock_ = nullptr;
};

}  // namespace longtake::render
