#pragma once

#include "core/tensor.h"

#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// The rows of [N, 3] int32 in the order of a curve that keeps neighbours together (Morton 1966);
// rows of one place in their own.
std::vector<int32_t> morton_order(const Tensor& points);

}  // namespace longtake::gaussians
