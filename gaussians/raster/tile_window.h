#pragma once

#include "gaussians/raster/blend.h"
#include "gaussians/raster/pack.h"

// A tile's part of the picture's planes, in packs. Included with blend_tile.h.
namespace longtake::gaussians {
namespace {

constexpr int kRows = kTileSide, kBlocks = kTileSide / kLanes;

template <typename Scalar> struct TilePlane {
    Pack<Scalar> values[kRows][kBlocks];

    Pack<Scalar>* operator[](int row) { return values[row]; }
    const Pack<Scalar>* operator[](int row) const { return values[row]; }
};

// A tile's place in the picture; the last ones of a row or column can be cut off.
struct TileWindow {
    template <typename Scalar>
    explicit TileWindow(const TileWork<Scalar>& work)
        : x(work.x), y(work.y), stride(work.width), area(work.width * work.height) {
        columns = work.width - x < kTileSide ? static_cast<int>(work.width - x) : kTileSide;
        rows = work.height - y < kTileSide ? static_cast<int>(work.height - y) : kTileSide;
    }

    // Copies the tile's part of a plane [H, W]; what lies beyond the picture stays as it is.
    template <typename Scalar> void load(const Scalar* plane, TilePlane<Scalar>& out) const {
        for (int r = 0; r < rows; ++r) {
            copy_row(plane + (y + r) * stride + x, reinterpret_cast<Scalar*>(out[r]));
        }
    }
    template <typename Scalar> void store(const TilePlane<Scalar>& values, Scalar* plane) const {
        for (int r = 0; r < rows; ++r) {
            copy_row(reinterpret_cast<const Scalar*>(values[r]), plane + (y + r) * stride + x);
        }
    }
    template <typename Scalar> void copy_row(const Scalar* from, Scalar* to) const {
        if (columns == kTileSide) {
            __builtin_memcpy(to, from, kTileSide * sizeof(Scalar));
        } else {
            __builtin_memcpy(to, from, static_cast<std::size_t>(columns) * sizeof(Scalar));
        }
    }
    // The light before the first Gaussian: 1 where there are pixels.
    template <typename Scalar> void start(TilePlane<Scalar>& light) const {
        for (int r = 0; r < kRows; ++r) {
            for (int b = 0; b < kBlocks; ++b) {
                for (int i = 0; i < kLanes; ++i) {
                    light[r][b][i] = r < rows && b * kLanes + i < columns ? Scalar{1} : Scalar{0};
                }
            }
        }
    }

    int64_t x, y, stride, area;
    int columns, rows;
};

// Bit r is set when a pixel of row r still takes light.
template <typename Scalar>
LONGTAKE_INLINE uint32_t rows_with_light(const TilePlane<Scalar>& light) {
    uint32_t rows = 0;
    for (int r = 0; r < kRows; ++r) {
        Pack<Scalar> sum{};
        for (int b = 0; b < kBlocks; ++b) {
            sum += light[r][b] > Scalar{0} ? light[r][b] : Pack<Scalar>{};
        }
        rows |= (sum_of<Scalar>(sum) > 0 ? 1U : 0U) << r;
    }
    return rows;
}

}  // namespace
}  // namespace longtake::gaussians
