#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// The norm of the Wan autoencoder, x / |x| sqrt(C) gain over the channels of each pixel, and SiLU
// after it where `silu`. x and y [..., C] fp32 or bf16, may be the same; gain [C] fp32.
void norm_silu(const Tensor& x, const Tensor& gain, bool silu, Tensor& y,
               GpuStream stream = nullptr);

void norm_silu_cpu(const Tensor& x, const Tensor& gain, bool silu, Tensor& y);
void norm_silu_cuda(const Tensor& x, const Tensor& gain, bool silu, Tensor& y, GpuStream stream);

}  // namespace longtake::diffusion
