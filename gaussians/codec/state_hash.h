#pragma once

#include "gaussians/codec/fixed_cloud.h"

#include <cstdint>

namespace longtake::gaussians {

// 64 bits of everything a FixedCloud holds: a sum over its rows of a number that row, column and
// values give, so that it is the same in whatever order a device adds. FORMAT.md has it in full. It
// tells that a decoder has gone astray; it is no defence against people.
uint64_t state_hash(const FixedCloud& cloud, GpuStream stream = nullptr);

}  // namespace longtake::gaussians
