#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// sum += x, element by element; both fp32 or both bf16, of as many elements.
void add(const Tensor& x, Tensor& sum, GpuStream stream = nullptr);

void add_cpu(const Tensor& x, Tensor& sum);
void add_cuda(const Tensor& x, Tensor& sum, GpuStream stream);

}  // namespace longtake::diffusion
