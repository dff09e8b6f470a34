#pragma once

#include "gaussians/raster/renderer.h"
#include "interactive/volume/volume_source.h"
#include "render/splats/splat_view.h"

#include <memory>

namespace longtake::interactive {

// The same tensors, as the rasterizer takes them.
gaussians::Cloud cloud_of(const render::Splats& splats);

// Draws Gaussians with the rasterizer that trains them, on the CPU: where Vulkan draws there as
// well, that takes a fifth of the time.
class HostPainter {
  public:
    HostPainter();

    // Of the camera's size. The picture lasts until the next one.
    const render::SplatPicture& paint(const std::shared_ptr<const VolumeFrame>& frame,
                                      const gaussians::Camera& camera,
                                      const render::SplatLook& look, double near);

  private:
    std::unique_ptr<gaussians::Renderer> renderer_;
    std::shared_ptr<const VolumeFrame> frame_;  // that the cloud is made of
    std::array<render::SplatLook::Mark, render::SplatLook::kMarks> marks_{};
    gaussians::Cloud cloud_;
    render::SplatPicture picture_;
};

}  // namespace longtake::interactive
