#pragma once

#include "render/splats/splat_view.h"

#include <cmath>
#include <random>

namespace longtake::render {

// A ball of splats around the origin, of all sizes and slants.
inline Splats random_splats(int64_t count, int sh_degree, float size = 0.05F, uint32_t seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    const int64_t rest = int64_t{sh_degree + 1} * (sh_degree + 1) - 1;
    Splats s{.means = Tensor({count, 3}, DType::F32),
             .log_scales = Tensor({count, 3}, DType::F32),
             .rotations = Tensor({count, 4}, DType::F32),
             .opacities = Tensor({count}, DType::F32),
             .sh_dc = Tensor({count, 3}, DType::F32),
             .sh_rest = Tensor({count, rest, 3}, DType::F32),
             .marks = {}};
    const auto fill = [&](Tensor& column, float mean, float deviation) {
        for (float& v : column.values<float>()) {
            v = mean + deviation * normal(random);
        }
    };
    fill(s.means, 0, 0.6F);
    fill(s.log_scales, std::log(size), 0.6F);
    fill(s.rotations, 0, 1);
    fill(s.opacities, 0.5F, 2);
    fill(s.sh_dc, 0.3F, 1);
    fill(s.sh_rest, 0, 0.15F);
    return s;
}

// From a little above, towards the origin.
inline Pinhole camera_at(double distance, int width, int height) {
    Pinhole camera{.width = width, .height = height};
    const double tilt = 0.2;
    camera.rotation = {
        1, 0, 0, 0, std::cos(tilt), -std::sin(tilt), 0, std::sin(tilt), std::cos(tilt)};
    camera.translation = {0, 0, distance};
    camera.fx = camera.fy = 0.9 * height;
    camera.cx = 0.5 * width;
    camera.cy = 0.5 * height;
    return camera;
}

}  // namespace longtake::render
