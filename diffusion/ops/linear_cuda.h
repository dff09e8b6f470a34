#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// What cuBLASLt may leave to do after a product: y += b, y = gelu(r) or y += gate r.
//   b [out] of fp32
//   r [rows, out] of fp32 or bf16, y [rows, out] of fp32 or bf16, gate [out] fp32 or null
void bias_cuda(void* y, DType type, const float* b, int64_t rows, int64_t columns,
               GpuStream stream);
void gelu_cuda(const void* r, DType r_type, void* y, DType y_type, int64_t count, GpuStream stream);
void gated_add_cuda(const void* r, DType r_type, const float* gate, float* y, int64_t rows,
                    int64_t columns, GpuStream stream);

}  // namespace longtake::diffusion
