#pragma once

#include "gaussians/raster/project.h"
#include "gaussians/raster/tiles.h"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace longtake::gaussians {

// Which Gaussians each tile shows, nearest first.
struct TileLists {
    struct Entry {
        int32_t gaussian;
        int32_t slot;  // number of this meeting of a Gaussian and a tile
    };
    std::vector<Entry> entries;       // tile after tile
    std::vector<int64_t> tile_begin;  // [tiles + 1] into entries
    std::vector<int32_t> slot_begin;  // [N + 1]: a Gaussian's slots are consecutive, by tile

    std::span<const Entry> of_tile(int64_t tile) const {
        const auto begin = static_cast<std::size_t>(tile_begin[static_cast<std::size_t>(tile)]);
        const auto end = static_cast<std::size_t>(tile_begin[static_cast<std::size_t>(tile) + 1]);
        return std::span(entries).subspan(begin, end - begin);
    }
};

// Lists exactly the alive tiles whose pixels a Gaussian can reach with an alpha of 1/255: depth
// sort of the Gaussians, then a stable sort of the meetings by tile. Keeps its memory between runs.
template <typename Scalar> class Binner {
  public:
    void run(const std::vector<Splat<Scalar>>& splats, const TileGrid& grid, TileLists& lists);

  private:
    void sort_by_depth(const std::vector<Splat<Scalar>>& splats);

    std::vector<int32_t> tiles_;  // of each slot
    std::vector<std::pair<Scalar, int32_t>> keys_;
};

}  // namespace longtake::gaussians
