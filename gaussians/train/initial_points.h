#pragma once

#include "gaussians/raster/attributes.h"
#include "gaussians/train/training_view.h"

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::gaussians {

// Where training starts.
struct ColouredPoints {
    std::vector<float> positions;  // [N, 3] world
    std::vector<float> colours;    // [N, 3] 0..1
    int64_t count() const { return static_cast<int64_t>(positions.size() / 3); }
};

// Points behind random pixels of the views, where the other views agree best about the colour (a
// coarse plane sweep, Collins 1996), from a quarter of the distance at which the views meet to 200
// times it. Where no depth is better than others they lie far away. Throws Error without views.
ColouredPoints swept_points(std::span<const TrainingView> views, int64_t count, uint64_t seed);

// Round Gaussians of opacity 0.1, `size` times as large as the distances between the points.
Attributes<float> gaussians_at(const ColouredPoints& points, int sh_degree, double size = 1);

// How far the cameras are apart: 1.1 times the largest distance of one to their middle, or, of
// cameras in one place, a tenth of the distance of what they see.
double scene_extent(std::span<const TrainingView> views, const ColouredPoints& points);

}  // namespace longtake::gaussians
