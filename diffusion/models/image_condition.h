#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// What an image-to-video Wan reads beside the noisy latents, in this order: four channels of a
// mask, and the latents of a clip that begins with the picture and is grey from then on. `clip`
// [F, C, h, w] -> [F, 4 + C, h, w], both fp32 on the CPU; the mask is 1 in the first frame.
Tensor image_condition(const Tensor& clip);

}  // namespace longtake::diffusion
