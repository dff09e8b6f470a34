#pragma once

#include "core/dtype.h"

#include <cuda.h>

#include <array>
#include <cstdint>

namespace longtake::diffusion {

// What Hopper's bulk copy engine knows of a tensor; passed to kernels as a __grid_constant__.
using TensorMap = CUtensorMap;

// A tensor of four dimensions, bf16 or of bytes, the innermost one dense; `strides` of the others
// in elements, multiples of 16 bytes; data aligned to 16 bytes. Boxes come to shared memory in rows
// of 128 bytes or less under the 128-byte swizzle, rows of 64 bytes under the 64-byte one; what
// lies outside of the tensor comes as zeros. Of a box only every `steps`-th element comes.
TensorMap tensor_map(const void* data, DType dtype, const std::array<int64_t, 4>& extents,
                     const std::array<int64_t, 3>& strides, const std::array<uint32_t, 4>& box,
                     const std::array<uint32_t, 4>& steps = {1, 1, 1, 1});

}  // namespace longtake::diffusion
