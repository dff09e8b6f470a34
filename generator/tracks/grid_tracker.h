#pragma once

#include "generator/tracks/point_tracker.h"

#include <cstdint>
#include <span>

namespace longtake::generator {

// Follows a grid of points through a video of any length; where the grid has got holes, new points
// begin.
class GridTracker {
  public:
    explicit GridTracker(float spacing) : spacing_(spacing) {}  // pixels

    // The points in the next frame [H, W, 3].
    std::span<const PointTracker::Followed> advance(const Tensor& frame);

  private:
    void fill(int64_t width, int64_t height);

    float spacing_;
    PointTracker tracker_;
    int64_t frames_ = 0;
    int32_t next_id_ = 0;
};

}  // namespace longtake::generator
