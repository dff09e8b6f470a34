#pragma once

#include "gaussians/scene/camera.h"
#include "gaussians/scene/camera_path.h"
#include "interactive/volume/camera_rig.h"
#include "render/splats/splat_view.h"

#include <vector>

namespace longtake::interactive {

// Lines that help to find one's way, appended to `out`; widths in pixels.
void add_grid(std::vector<render::Line>& out, const Vec3& centre, const Vec3& up, double radius,
              float width);
void add_axes(std::vector<render::Line>& out, const Vec3& origin, double length, float width);
// What a camera sees, `depth` far.
void add_frustum(std::vector<render::Line>& out, const gaussians::Camera& camera, double depth,
                 uint32_t colour, float width);
void add_path(std::vector<render::Line>& out, const std::vector<gaussians::PathKey>& keys,
              const Vec3& up, double size, float width);

}  // namespace longtake::interactive
