#pragma once

#include "core/tensor.h"

#include <cstddef>
#include <span>
#include <vector>

namespace longtake::gaussians {

// Whole numbers [N, F] int32 in few bytes, on the CPU; none when all are 0.
std::vector<std::byte> encode_column(const Tensor& values);
// Throws InputError when `bytes` are not those of so many.
Tensor decode_column(std::span<const std::byte> bytes, const Shape& shape);

}  // namespace longtake::gaussians
