#pragma once

#include <cstdint>

namespace longtake::diffusion {

// What one latent stands for, in every autoencoder of the Wan family.
constexpr int64_t kLatentFrames = 4;  // of video; the first latent of a stream is one frame
constexpr int64_t kLatentScale = 8;   // pixels, in height and width

}  // namespace longtake::diffusion
