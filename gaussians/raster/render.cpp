#include "gaussians/raster/render.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/raster/rasterizer.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace longtake::gaussians {

Picture render(const Cloud& cloud, const Camera& camera, const RenderOptions& options) {
    Rasterizer<float> rasterizer;
    const auto picture = std::make_shared<PlanarPicture<float>>();
    rasterizer.forward(view_of(cloud), camera, options, *picture);
    const int64_t h = camera.height, w = camera.width;
    return {.colour = Tensor::share(picture, picture->colour.data(), {3, h, w}, DType::F32),
            .alpha = Tensor::share(picture, picture->alpha.data(), {h, w}, DType::F32),
            .depth = Tensor::share(picture, picture->depth.data(), {h, w}, DType::F32)};
}

Tensor to_image(const Tensor& colour) {
    check(colour.shape().rank() == 3 && colour.extent(0) == 3, "{} is no picture of 3 colours",
          colour.shape().str());
    const int64_t h = colour.extent(1), w = colour.extent(2);
    Tensor image({h, w, 3}, DType::U8);
    const float* from = colour.data<float>();
    uint8_t* to = image.data<uint8_t>();
    parallel_for(h, [&](int64_t y) {
        for (int64_t i = y * w; i < (y + 1) * w; ++i) {
            for (int64_t c = 0; c < 3; ++c) {
                const float v = std::clamp(from[c * h * w + i], 0.F, 1.F);
                to[3 * i + c] = static_cast<uint8_t>(v * 255.F + 0.5F);
            }
        }
    });
    return image;
}

}  // namespace longtake::gaussians
