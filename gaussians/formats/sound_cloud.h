#pragma once

#include "gaussians/scene/cloud.h"

#include <cstdint>

namespace longtake::gaussians {

// Infinite opacities and flat scales, which some programs write, become the nearest useful number;
// Gaussians that are not numbers or have no rotation are dropped. Returns how many.
int64_t make_sound(Cloud& cloud);

}  // namespace longtake::gaussians
