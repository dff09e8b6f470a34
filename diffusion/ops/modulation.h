#pragma once

#include "core/tensor.h"

#include <initializer_list>

namespace longtake::diffusion {

// How a timestep shifts, scales and gates: out [k, d] = table [k, d] + e, and 1 more on the rows
// `gains`, which scale. e has k d values, or d that count for every row. All fp32.
void modulation(const Tensor& table, const Tensor& e, std::initializer_list<int> gains, Tensor& out,
                GpuStream stream = nullptr);

// Bit r of `gains` stands for row r.
void modulation_cpu(const Tensor& table, const Tensor& e, unsigned gains, Tensor& out);
void modulation_cuda(const Tensor& table, const Tensor& e, unsigned gains, Tensor& out,
                     GpuStream stream);

}  // namespace longtake::diffusion
