#pragma once

#include "core/error.h"
#include "core/tensor.h"

#include <cstdint>

namespace longtake::diffusion {

// What one latent stands for, in every autoencoder of the Wan family.
constexpr int64_t kLatentFrames = 4;  // of video; the first latent of a stream is one frame
constexpr int64_t kLatentScale = 8;   // pixels, in height and width

// Those of a shape that an encoder writes into: made where there are none.
inline void make_latents(const Shape& shape, Device device, Tensor& latents) {
    if (latents.empty()) {
        latents = Tensor(shape, DType::F32, device);
    }
    check(latents.shape() == shape && latents.device() == device, "latents of {}, not {}",
          latents.shape().str(), shape.str());
}

}  // namespace longtake::diffusion
