#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// What bends a value x between two products, besides the GELU that a Linear makes of its result.
enum class Activation : uint8_t {
    Gelu,       // x Phi(x), with the error function: the exact one
    QuickGelu,  // x sigmoid(1.702 x)
};

// x fp32, out fp32 or bf16, of one shape.
void activate(const Tensor& x, Activation activation, Tensor& out, GpuStream stream = nullptr);

void activate_cpu(const Tensor& x, Activation activation, Tensor& out);
void activate_cuda(const Tensor& x, Activation activation, Tensor& out, GpuStream stream);

}  // namespace longtake::diffusion
