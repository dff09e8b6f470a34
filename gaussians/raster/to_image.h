#pragma once

#include "core/tensor.h"

#include <cstdint>

namespace longtake::gaussians {

// [3, H, W] to an image [H, W, 3] of 8-bit sRGB on the same device; done when it returns, and
// `colour` before.
Tensor to_image(const Tensor& colour);

void to_image_cpu(const Tensor& colour, Tensor& image);
void to_image_cuda(const Tensor& colour, Tensor& image);

}  // namespace longtake::gaussians
