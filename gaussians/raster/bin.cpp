#include "gaussians/raster/bin.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace longtake::gaussians {
namespace {

// Calls visit(tile) for the alive tiles that the ellipse of alpha = 1/255 meets, row by row. A tile
// is the square of its pixels' centres.
template <typename Scalar, typename Visit>
void visit_tiles(const Splat<Scalar>& s, const TileGrid& grid, Visit&& visit) {
    const double u = s.u, v = s.v, slope = s.slope, ry = s.reach_y, rx = s.reach_x;
    const double side = kTileSide, last = side - 0.5;
    const auto clip = [&](double tile, int64_t count) {
        return static_cast<int64_t>(std::clamp(tile, 0.0, static_cast<double>(count)));
    };
    const int64_t row_begin = clip(std::ceil((v - ry - last) / side), grid.rows);
    const int64_t row_end = clip(std::floor((v + ry - 0.5) / side) + 1, grid.rows);
    // Half width of the ellipse on the row dy below its centre; its leftmost and rightmost points
    // are tip below and above the centre's row.
    const double flatten = static_cast<double>(s.precision_y) / static_cast<double>(s.precision_x);
    const auto half = [&](double dy) {
        return std::sqrt(std::max(0.0, (ry * ry - dy * dy) * flatten));
    };
    const double tip = slope * ry * ry / rx;
    for (int64_t row = row_begin; row < row_end; ++row) {
        const double top = std::max(static_cast<double>(row) * side + 0.5 - v, -ry);
        const double bottom = std::min(static_cast<double>(row) * side + last - v, ry);
        const double right_dy = std::clamp(tip, top, bottom);
        const double left_dy = std::clamp(-tip, top, bottom);
        const double right = u + slope * right_dy + half(right_dy);
        const double left = u + slope * left_dy - half(left_dy);
        const int64_t begin = clip(std::ceil((left - last) / side), grid.columns);
        const int64_t end = clip(std::floor((right - 0.5) / side) + 1, grid.columns);
        for (int64_t tile = row * grid.columns + begin; tile < row * grid.columns + end; ++tile) {
            if (grid.is_alive(tile)) {
                visit(tile);
            }
        }
    }
}

}  // namespace

template <typename Scalar>
void Binner<Scalar>::sort_by_depth(const std::vector<Splat<Scalar>>& splats) {
    keys_.clear();
    for (std::size_t i = 0; i < splats.size(); ++i) {
        if (splats[i].visible()) {
            keys_.emplace_back(splats[i].depth, static_cast<int32_t>(i));
        }
    }
    std::sort(keys_.begin(), keys_.end());
}

template <typename Scalar>
void Binner<Scalar>::run(const std::vector<Splat<Scalar>>& splats, const TileGrid& grid,
                         TileLists& lists) {
    const auto count = static_cast<int64_t>(splats.size());
    const auto at = [](int64_t i) { return static_cast<std::size_t>(i); };
    lists.slot_begin.assign(at(count + 1), 0);
    parallel_for(count, [&](int64_t i) {
        if (splats[at(i)].visible()) {
            int32_t& met = lists.slot_begin[at(i + 1)];
            visit_tiles(splats[at(i)], grid, [&](int64_t) { ++met; });
        }
    });
    int64_t slots = 0;
    for (int32_t& begin : lists.slot_begin) {
        slots += begin;
        check(slots <= std::numeric_limits<int32_t>::max(), "the Gaussians cover too many tiles");
        begin = static_cast<int32_t>(slots);
    }
    tiles_.resize(at(slots));
    parallel_for(count, [&](int64_t i) {
        int32_t slot = lists.slot_begin[at(i)];
        if (slot < lists.slot_begin[at(i + 1)]) {
            visit_tiles(splats[at(i)], grid,
                        [&](int64_t tile) { tiles_[at(slot++)] = static_cast<int32_t>(tile); });
        }
    });

    lists.tile_begin.assign(at(grid.count() + 2), 0);
    for (const int32_t tile : tiles_) {
        ++lists.tile_begin[at(tile + 2)];
    }
    for (std::size_t i = 2; i < lists.tile_begin.size(); ++i) {
        lists.tile_begin[i] += lists.tile_begin[i - 1];
    }
    sort_by_depth(splats);
    lists.entries.resize(at(slots));
    for (const auto& [depth, gaussian] : keys_) {
        for (int32_t slot = lists.slot_begin[at(gaussian)];
             slot < lists.slot_begin[at(gaussian + 1)]; ++slot) {
            int64_t& end = lists.tile_begin[at(tiles_[at(slot)] + 1)];
            lists.entries[at(end++)] = {gaussian, slot};
        }
    }
    lists.tile_begin.pop_back();
}

template class Binner<float>;
template class Binner<double>;

}  // namespace longtake::gaussians
