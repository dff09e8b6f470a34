#pragma once

#include "core/tensor.h"
#include "gaussians/codec/fixed_cloud.h"

#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// The rows of [N, 3] int32 in the order of a curve that keeps neighbours together (Morton 1966);
// rows of one place in their own.
std::vector<int32_t> morton_order(const Tensor& points);

// Row i is row order[i] of what is given; int32, on the CPU.
Tensor in_order(const Tensor& column, const std::vector<int32_t>& order);
FixedCloud in_order(const FixedCloud& cloud, const std::vector<int32_t>& order);

}  // namespace longtake::gaussians
