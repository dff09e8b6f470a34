#pragma once

#include "core/tensor.h"

#include <cstddef>
#include <span>

namespace longtake::gaussians {

// The pixels [H, W, 4] of a WebP image that is not animated. Throws InputError.
Tensor read_webp(std::span<const std::byte> bytes);

}  // namespace longtake::gaussians
