#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// out = a b, element by element. a and b fp32, out fp32 or bf16, all of one shape.
void multiply(const Tensor& a, const Tensor& b, Tensor& out, GpuStream stream = nullptr);

void multiply_cpu(const Tensor& a, const Tensor& b, Tensor& out);
void multiply_cuda(const Tensor& a, const Tensor& b, Tensor& out, GpuStream stream);

}  // namespace longtake::diffusion
