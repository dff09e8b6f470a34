#include "generator/tracks/grid_tracker.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace longtake::generator {
namespace {

constexpr int64_t kFillEvery = 8;  // frames

}  // namespace

std::span<const PointTracker::Followed> GridTracker::advance(const Tensor& frame) {
    tracker_.advance(frame);
    if (frames_++ % kFillEvery == 0) {
        fill(frame.extent(1), frame.extent(0));
    }
    return tracker_.points();
}

// A point in the middle of every cell that has none.
void GridTracker::fill(int64_t width, int64_t height) {
    const auto cells = [this](int64_t pixels) {
        return std::max<int64_t>(1, std::lround(static_cast<float>(pixels) / spacing_));
    };
    const int64_t columns = cells(width), rows = cells(height);
    const float across = static_cast<float>(width) / static_cast<float>(columns);
    const float down = static_cast<float>(height) / static_cast<float>(rows);
    std::vector<bool> taken(static_cast<size_t>(columns * rows));
    for (const PointTracker::Followed& point : tracker_.points()) {
        const auto c = std::clamp<int64_t>(static_cast<int64_t>(point.x / across), 0, columns - 1);
        const auto r = std::clamp<int64_t>(static_cast<int64_t>(point.y / down), 0, rows - 1);
        taken[static_cast<size_t>(r * columns + c)] = true;
    }
    for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
            if (!taken[static_cast<size_t>(r * columns + c)]) {
                tracker_.add(next_id_++, (static_cast<float>(c) + 0.5F) * across,
                             (static_cast<float>(r) + 0.5F) * down);
            }
        }
    }
}

}  // namespace longtake::generator
