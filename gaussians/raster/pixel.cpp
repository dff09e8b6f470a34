#include "gaussians/raster/pixel.h"

#include <algorithm>
#include <cmath>

namespace longtake::gaussians {

Pixel pixel_before(const Rasterizer<float>& rasterizer, int64_t width, int64_t x, int64_t y,
                   float depth) {
    const int64_t columns = (width + kTileSide - 1) / kTileSide;
    const float u = static_cast<float>(x) + 0.5F, v = static_cast<float>(y) + 0.5F;
    Pixel sum;
    float light = 1;
    for (const auto& entry : rasterizer.lists().of_tile(y / kTileSide * columns + x / kTileSide)) {
        const auto& s = rasterizer.splats()[static_cast<size_t>(entry.gaussian)];
        if (s.depth >= depth) {
            break;
        }
        const float dy = v - s.v, e = u - s.u - s.slope * dy;
        const float raw =
            s.opacity * std::exp(-0.5F * (s.precision_x * e * e + s.precision_y * dy * dy));
        if (raw < static_cast<float>(kMinAlpha)) {
            continue;
        }
        const float alpha = std::min(raw, static_cast<float>(kMaxAlpha));
        if (light * (1 - alpha) <= static_cast<float>(kMinTransmittance)) {
            break;
        }
        const float weight = alpha * light;
        for (int c = 0; c < 3; ++c) {
            sum.colour[c] += weight * s.colour[c];
        }
        sum.depth += weight * s.depth;
        light -= weight;
    }
    sum.alpha = 1 - light;
    return sum;
}

}  // namespace longtake::gaussians
