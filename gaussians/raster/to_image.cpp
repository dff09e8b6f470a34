#include "gaussians/raster/to_image.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>

namespace longtake::gaussians {

Tensor to_image(const Tensor& colour) {
    check(colour.shape().rank() == 3 && colour.extent(0) == 3, "{} is no picture of 3 colours",
          colour.shape().str());
    Tensor image({colour.extent(1), colour.extent(2), 3}, DType::U8, colour.device());
    colour.device() == Device::Cpu ? to_image_cpu(colour, image) : to_image_cuda(colour, image);
    return image;
}

void to_image_cpu(const Tensor& colour, Tensor& image) {
    const int64_t h = colour.extent(1), w = colour.extent(2);
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
}

}  // namespace longtake::gaussians
