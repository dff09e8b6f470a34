#pragma once

#include "core/pinhole.h"

#include <cstdint>
#include <span>

namespace longtake::generator {

// x right, y down, z forward; or x right, y up, z back.
enum class CameraAxes : uint8_t { OpenCv, OpenGl };
// The pose that a matrix from camera to world says, 3x4 or 4x4, row-major; it may scale. Throws
// InputError where it says none.
void set_pose(Pinhole& camera, std::span<const double> camera_to_world, CameraAxes axes);

}  // namespace longtake::generator
