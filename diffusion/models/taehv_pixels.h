#pragma once

#include "core/tensor.h"
#include "diffusion/models/taehv_config.h"

// What stands between the convolutions of a TAEHV autoencoder and the world. x, y and z are frames
// [T, H, W, C].
namespace longtake::diffusion {

// latent [1, C, h, w] fp32 in diffusion space -> x [1, h, w, C], softly bounded to (-3, 3).
void latent_to_decoder(const Tensor& latent, const TaehvConfig& config, Tensor& x);

// z [1, h, w, C] fp32 -> latent [1, C, h, w] fp32 in diffusion space.
void encoder_to_latent(const Tensor& z, const TaehvConfig& config, Tensor latent);

// frame [1, H, W, 3] uint8 -> x [1, H, W, 3] in [0, 1].
void frame_to_encoder(const Tensor& frame, Tensor x);

// squares [1, H / 2, W / 2, 2 x 2 x 3] fp32 -> frame [1, H, W, 3], clamped to [0, 1]: fp32, or
// rounded to uint8.
void squares_to_frame(const Tensor& squares, Tensor frame);

// small [1, H, W, grow out] -> pixels (2 y + a, 2 x + b) of y [grow, 2 H, 2 W, out].
void place_corner(const Tensor& small, int a, int b, Tensor& y);

}  // namespace longtake::diffusion
