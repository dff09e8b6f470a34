#pragma once

#include "gaussians/raster/rasterizer.h"
#include "interactive/volume/line_raster.h"
#include "interactive/volume/volume_source.h"
#include "render/splats/splat_view.h"

#include <array>
#include <memory>
#include <span>

namespace longtake::interactive {

// The same tensors, as the rasterizer takes them.
gaussians::Cloud cloud_of(const render::Splats& splats);

// Draws Gaussians with the rasterizer that trains them, on the CPU, and lines among them: where
// Vulkan draws there as well, that takes a fifth of the time.
class HostPainter {
  public:
    // Of the camera's size. The picture lasts until the next one.
    const render::SplatPicture& paint(const std::shared_ptr<const VolumeFrame>& frame,
                                      const gaussians::Camera& camera,
                                      const render::SplatLook& look,
                                      std::span<const render::Line> lines, double near);

  private:
    void stop_at(std::span<const LinePixel> lines, int64_t width);

    gaussians::Rasterizer<float> rasterizer_;
    gaussians::PlanarPicture<float> planes_;
    std::shared_ptr<const VolumeFrame> frame_;  // that the cloud is made of
    std::array<render::SplatLook::Mark, render::SplatLook::kMarks> marks_{};
    gaussians::Cloud cloud_;
    render::SplatPicture picture_;
};

}  // namespace longtake::interactive
