#pragma once

#include "core/tensor.h"

namespace longtake::gaussians {

// Row i is row sources[i] of `from`, or zeros where that is -1. `from` [N, ...] fp32, `sources` [M]
// int32 below N; the result [M, ...] is on their device.
Tensor gather_rows(const Tensor& from, const Tensor& sources, GpuStream stream = nullptr);

void gather_rows_cpu(const Tensor& from, const Tensor& sources, Tensor& to);
void gather_rows_cuda(const Tensor& from, const Tensor& sources, Tensor& to, GpuStream stream);

}  // namespace longtake::gaussians
