#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace longtake::gaussians {

constexpr int64_t kTileSide = 16;  // pixels

// The squares of kTileSide pixels that cover a picture, row by row. Dead tiles are neither
// listed nor visited: their pixels are 0 in every picture, and nothing is learnt from them.
struct TileGrid {
    int64_t width = 0, height = 0;  // of the picture, pixels
    int64_t columns = 0, rows = 0;
    std::vector<uint8_t> alive;  // [rows, columns]; empty: all are

    TileGrid() = default;
    TileGrid(int64_t picture_width, int64_t picture_height)
        : width(picture_width),
          height(picture_height),
          columns((picture_width + kTileSide - 1) / kTileSide),
          rows((picture_height + kTileSide - 1) / kTileSide) {}

    int64_t count() const { return columns * rows; }
    bool is_alive(int64_t tile) const {
        return alive.empty() || alive[static_cast<std::size_t>(tile)] != 0;
    }
};

}  // namespace longtake::gaussians
