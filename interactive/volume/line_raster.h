#pragma once

#include "gaussians/scene/camera.h"
#include "render/splats/splat_view.h"

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::interactive {

// A pixel that shows a line.
struct LinePixel {
    int64_t x, y;
    float depth;      // of the optical axis
    uint32_t colour;  // as Line's
};

// The pixels of a picture whose centres lines cover, the nearest line of each, row by row: what the
// device draws (render/shaders/lines.vert), on the host.
std::vector<LinePixel> raster_lines(std::span<const render::Line> lines,
                                    const gaussians::Camera& camera, double near);

}  // namespace longtake::interactive
