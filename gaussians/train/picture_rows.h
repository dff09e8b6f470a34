#pragma once

#include "core/host_device.h"
#include "gaussians/raster/tiles.h"

#include <cmath>
#include <cstdint>

// What is done to the pixels of the pictures that training compares, each by itself, in plain
// memory.
namespace longtake::gaussians {

// A pixel of an image [H, W, 3] of 8 bits to planes [3, H, W] of 0..1; 0 in dead tiles.
struct PlaneRows {
    static constexpr const char* kName = "planes of an image";

    const uint8_t* image;
    const uint8_t* alive;  // TileGrid::alive; nullptr: all are
    int64_t pixels, width, tile_columns;
    float* planes;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        const int64_t y = i / width, x = i - y * width;
        const int64_t tile = y / kTileSide * tile_columns + x / kTileSide;
        const bool dead = alive != nullptr && alive[tile] == 0;
        for (int64_t c = 0; c < 3; ++c) {
            planes[c * pixels + i] = dead ? 0.F : static_cast<float>(image[3 * i + c]) / 255.F;
        }
    }
};

// The gradient by a picture of mean |picture - now| - mean |picture - before|, magnitudes of a
// pixel's three colours; of a magnitude that is 0 it is 0.
struct ChangeRows {
    static constexpr const char* kName = "change of an image";

    const float* picture;         // [3, H, W]
    const uint8_t *now, *before;  // [H, W, 3]
    int64_t pixels;
    float* by_picture;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        float to_now[3], to_before[3];
        const float near = offset(now + 3 * i, i, to_now),
                    far = offset(before + 3 * i, i, to_before);
        const float share = 1 / static_cast<float>(pixels);
        for (int c = 0; c < 3; ++c) {
            by_picture[c * pixels + i] = share * (near * to_now[c] - far * to_before[c]);
        }
    }

  private:
    // From an image to the picture; the result is one over its magnitude.
    LONGTAKE_HOST_DEVICE float offset(const uint8_t* image, int64_t i, float* to) const {
        float square = 0;
        for (int c = 0; c < 3; ++c) {
            to[c] = picture[c * pixels + i] - static_cast<float>(image[c]) / 255.F;
            square += to[c] * to[c];
        }
        return square > 0 ? 1 / std::sqrt(square) : 0.F;
    }
};

// Whether anything covers more than half of a pixel, in parts of kCellSide pixels of each line of
// a picture; the row is a part.
constexpr int64_t kCellSide = 3 * kTileSide;
struct CoverRows {
    static constexpr const char* kName = "covered parts";

    const float* alpha;  // [H, W]
    int64_t width, cell_columns;
    uint8_t* covered;  // [H, cell_columns]

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        const int64_t y = i / cell_columns, first = (i - y * cell_columns) * kCellSide;
        const int64_t end = first + kCellSide < width ? first + kCellSide : width;
        bool any = false;
        for (int64_t x = first; x < end; ++x) {
            any = any || alpha[y * width + x] > 0.5F;
        }
        covered[i] = any ? 1 : 0;
    }
};

}  // namespace longtake::gaussians
