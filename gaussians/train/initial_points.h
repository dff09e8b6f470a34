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

// Round Gaussians of opacity 0.1, `size` times as large as the distances between the points.
Attributes<float> gaussians_at(const ColouredPoints& points, int sh_degree, double size = 1);

// The largest distance of a camera to their middle.
double spread_of(std::span<const TrainingView> views);

// The unit of the centres' learning rate and of density control: 1.1 times the cameras' spread, or,
// of cameras in one place, a tenth of the median distance of what they see.
double scene_extent(std::span<const TrainingView> views, const ColouredPoints& points);

}  // namespace longtake::gaussians
