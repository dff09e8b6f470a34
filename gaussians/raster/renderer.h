#pragma once

#include "gaussians/raster/render.h"

#include <memory>

namespace longtake::gaussians {

// Draws clouds on one device and keeps its memory from picture to picture.
class Renderer {
  public:
    static std::unique_ptr<Renderer> on(Device device);
    virtual ~Renderer() = default;

    // Done when it returns; valid until the next one. Throws Error when the cloud is on another
    // device, or for a picture of no pixels.
    virtual const Picture& draw(const Cloud& cloud, const Camera& camera,
                                const RenderOptions& options = {}) = 0;
};

std::unique_ptr<Renderer> renderer_cpu();
std::unique_ptr<Renderer> renderer_cuda();

}  // namespace longtake::gaussians
