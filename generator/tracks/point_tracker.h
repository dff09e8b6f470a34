#pragma once

#include "core/tensor.h"
#include "generator/tracks/image_pyramid.h"
#include "generator/tracks/tracks.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace longtake::generator {

// Follows points from picture to picture of a video by the patches around them. A point is lost
// for good where the way back does not lead to where it came from, where its patch has changed too
// much or has no texture, and outside the picture.
class PointTracker {
  public:
    struct Followed {
        int32_t id;
        float x, y;
    };

    // The next frame [H, W, 3], all of one size; points go with it.
    void advance(const Tensor& frame);
    // A point, where it is in the newest frame.
    void add(int32_t id, float x, float y);
    std::span<const Followed> points() const { return points_; }
    template <typename Wanted> void keep(Wanted&& wanted) {
        std::erase_if(points_, [&](const Followed& point) { return !wanted(point); });
    }

  private:
    std::optional<Followed> followed(const Followed& point, const ImagePyramid& next) const;

    std::shared_ptr<const ImagePyramid> newest_;
    std::vector<Followed> points_;
};

}  // namespace longtake::generator
