#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// Rows [rows, columns] fp32 of logits -> their softmax, in `type`, in the memory of the same row.
void softmax_in_place_cuda(float* logits, int64_t rows, int64_t columns, float scale, DType type,
                           GpuStream stream);

}  // namespace longtake::diffusion
