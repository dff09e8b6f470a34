#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// out = (x - mean) / sqrt(variance + eps) * gain + bias, over the last extent. The adaptive norm
// of a diffusion transformer is the same with gain = 1 + scale and bias = shift.
//   x [rows, d] fp32, gain and bias [d] fp32, out [rows, d] fp32 or bf16
void layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps, Tensor& out,
                GpuStream stream = nullptr);

void layer_norm_cpu(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps,
                    Tensor& out);
void layer_norm_cuda(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps,
                     Tensor& out, GpuStream stream);
// x += gate * r, without a gate x += r, then the norm of x, in one go; r [rows, d] fp32 or bf16.
// False when rows of this length, or of these addresses, take two.
bool add_layer_norm_cuda(const void* r, DType r_type, const float* gate, Tensor& x,
                         const Tensor& gain, const Tensor& bias, double eps, Tensor& out,
                         GpuStream stream);

}  // namespace longtake::diffusion
