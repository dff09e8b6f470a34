#pragma once

#include "gaussians/train/initial_points.h"

#include <cstdint>
#include <span>

namespace longtake::gaussians {

// Points behind random pixels of the views, where the other views agree best about the colour (a
// coarse plane sweep, Collins 1996), from a quarter of the distance at which the views meet to 200
// times it. Where no depth is better than others they lie far away. Throws Error without views.
Points swept_points(std::span<const TrainingView> views, int64_t count, uint64_t seed);

}  // namespace longtake::gaussians
