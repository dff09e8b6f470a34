#pragma once

#include "core/error.h"
#include "gaussians/raster/render.h"
#include "gaussians/scene/cloud.h"

#include <algorithm>
#include <vector>

// Gaussians and gradients for tests of training's parts.
namespace longtake::gaussians {

inline Tensor zeros_of(const Tensor& like) {
    return Tensor::zeros(like.shape());
}

// Round ones, each 10 further along x.
inline Cloud round_gaussians(const std::vector<float>& log_scales,
                             const std::vector<float>& opacities) {
    Cloud cloud = Cloud::sized(static_cast<int64_t>(opacities.size()), 0);
    for (Tensor* column : cloud.columns()) {
        *column = zeros_of(*column);
    }
    std::ranges::copy(opacities, cloud.opacities.data<float>());
    for (std::size_t i = 0; i < opacities.size(); ++i) {
        cloud.means.values<float>()[3 * i] = static_cast<float>(10 * i);
        cloud.rotations.values<float>()[4 * i] = 1;
        std::fill_n(cloud.log_scales.data<float>() + 3 * i, 3, log_scales[i]);
    }
    return cloud;
}

// Of Gaussians that all meet a tile.
inline GradientTensors screen_gradient(const std::vector<float>& screen) {
    const auto n = static_cast<int64_t>(screen.size() / 2);
    GradientTensors gradient{.attributes = {},
                             .screen = Tensor::from(screen, {n, 2}),
                             .screen_magnitude = {},
                             .tiles = Tensor({n}, DType::I32)};
    std::fill_n(gradient.tiles.data<int32_t>(), n, 1);
    return gradient;
}

}  // namespace longtake::gaussians
