#pragma once

#include "gaussians/raster/cuda/kernels.h"
#include "gaussians/raster/tile_reach.h"

namespace longtake::gaussians::cuda {

// How many tiles of a span are alive.
__device__ inline uint32_t alive_in(const Grid& grid, int64_t row, const TileSpan& span) {
    if (span.begin >= span.end) {
        return 0;
    }
    if (grid.alive_before == nullptr) {
        return static_cast<uint32_t>(span.end - span.begin);
    }
    const int32_t* before = grid.alive_before + row * (grid.columns + 1);
    return static_cast<uint32_t>(before[span.end] - before[span.begin]);
}

__device__ inline bool is_alive(const Grid& grid, int64_t row, int64_t column) {
    return alive_in(grid, row, {column, column + 1}) != 0;
}

}  // namespace longtake::gaussians::cuda
