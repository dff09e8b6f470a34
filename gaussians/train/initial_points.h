#pragma once

#include "gaussians/raster/attributes.h"
#include "gaussians/scene/points.h"
#include "gaussians/train/training_view.h"

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::gaussians {

// Round Gaussians of opacity 0.1, `size` times as large as the distances between the points.
Attributes<float> gaussians_at(const Points& points, int sh_degree, double size = 1);

// The largest distance of a camera to their middle.
double spread_of(std::span<const TrainingView> views);

// The unit of the centres' learning rate and of density control: 1.1 times the cameras' spread, or,
// of cameras in one place, a tenth of the median distance of what they see.
double scene_extent(std::span<const TrainingView> views, const Points& points);

}  // namespace longtake::gaussians
