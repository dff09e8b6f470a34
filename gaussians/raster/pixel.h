#pragma once

#include "gaussians/raster/rasterizer.h"

namespace longtake::gaussians {

// What splats make of one pixel.
struct Pixel {
    float colour[3]{};  // premultiplied by alpha
    float alpha = 0;
    float depth = 0;  // as in Picture
};

// Pixel (x, y) of the last forward pass, `width` wide, as far as `depth`, of the optical axis: for
// what else stands in a scene.
Pixel pixel_before(const Rasterizer<float>& rasterizer, int64_t width, int64_t x, int64_t y,
                   float depth);

}  // namespace longtake::gaussians
