#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// The sinusoids of a timestep, cosines first: cos(t f_i) then sin(t f_i), f_i = 10000^(-i / half),
// computed in double and rounded to the element type of `out` [dim].
void timestep_embedding(double timestep, Tensor& out, GpuStream stream = nullptr);

// y = x sigmoid(x), elementwise; y may have another element type (fp32, bf16).
void silu(const Tensor& x, Tensor& y, GpuStream stream = nullptr);

void timestep_embedding_cuda(double timestep, Tensor& out, GpuStream stream);
void silu_cuda(const Tensor& x, Tensor& y, GpuStream stream);

}  // namespace longtake::diffusion
