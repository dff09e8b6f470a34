#include "gaussians/raster/bin.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/raster/tile_reach.h"

#include <algorithm>
#include <limits>

namespace longtake::gaussians {
namespace {

// Calls visit(tile) for the alive tiles that the splat meets, row by row.
template <typename Scalar, typename Visit>
void visit_tiles(const Splat<Scalar>& s, const TileGrid& grid, Visit&& visit) {
    const TileReach reach(s);
    const TileSpan rows = reach.rows(grid.rows);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
        const TileSpan columns = reach.columns(row, grid.columns);
        for (int64_t tile = row * grid.columns + columns.begin;
             tile < row * grid.columns + columns.end; ++tile) {
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
