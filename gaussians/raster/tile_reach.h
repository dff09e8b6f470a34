#pragma once

#include "core/host_device.h"
#include "gaussians/raster/splat.h"
#include "gaussians/raster/tiles.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace longtake::gaussians {

// Tiles [begin, end) of a row, or rows of the grid.
struct TileSpan {
    int64_t begin, end;
};

// The tiles that a splat's ellipse of alpha = 1/255 meets, row by row. A tile is the square of its
// pixels' centres.
class TileReach {
  public:
    template <typename Scalar>
    LONGTAKE_HOST_DEVICE explicit TileReach(const Splat<Scalar>& s)
        : u_(s.u),
          v_(s.v),
          slope_(s.slope),
          reach_(s.reach_y),
          flatten_(static_cast<double>(s.precision_y) / static_cast<double>(s.precision_x)),
          tip_(slope_ * reach_ * reach_ / static_cast<double>(s.reach_x)) {}

    LONGTAKE_HOST_DEVICE TileSpan rows(int64_t count) const {
        return span(v_ - reach_, v_ + reach_, count);
    }
    // Of the given row, of `count` tiles.
    LONGTAKE_HOST_DEVICE TileSpan columns(int64_t row, int64_t count) const {
        const double first = static_cast<double>(row) * kSide - v_;
        const double top = std::max(first + 0.5, -reach_);
        const double bottom = std::min(first + kLast, reach_);
        const double right_dy = std::clamp(tip_, top, bottom);
        const double left_dy = std::clamp(-tip_, top, bottom);
        return span(u_ + slope_ * left_dy - half(left_dy), u_ + slope_ * right_dy + half(right_dy),
                    count);
    }

  private:
    static constexpr double kSide = kTileSide, kLast = kSide - 0.5;

    LONGTAKE_HOST_DEVICE static TileSpan span(double from, double to, int64_t count) {
        const auto most = static_cast<double>(count);
        return {static_cast<int64_t>(std::clamp(std::ceil((from - kLast) / kSide), 0.0, most)),
                static_cast<int64_t>(std::clamp(std::floor((to - 0.5) / kSide) + 1, 0.0, most))};
    }
    // Half width of the ellipse on the row dy below its centre; its leftmost and rightmost points
    // are tip_ below and above the centre's row.
    LONGTAKE_HOST_DEVICE double half(double dy) const {
        return std::sqrt(std::max(0.0, (reach_ * reach_ - dy * dy) * flatten_));
    }

    double u_, v_, slope_, reach_, flatten_, tip_;
};

}  // namespace longtake::gaussians
