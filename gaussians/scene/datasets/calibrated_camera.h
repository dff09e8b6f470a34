#pragma once

#include "gaussians/scene/camera.h"

#include <array>

namespace longtake::gaussians {

// A camera of that size and those focal lengths in pixels, the principal point in the middle.
// Throws InputError when there is none like it.
Camera calibrated_camera(double width, double height, double fx, double fy);

// The rotation from world to camera, from a quaternion w, x, y, z of any length but zero.
void set_rotation(Camera& camera, const std::array<double, 4>& quaternion);

}  // namespace longtake::gaussians
