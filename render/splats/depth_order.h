#pragma once

#include "render/splats/splat_view.h"

#include <cstdint>
#include <vector>

namespace longtake::render {

// Keys of 24 bits that rise with depth: 32 octaves from `near` on, a 2^19th of one each; what lies
// farther shares the last.
constexpr uint32_t kDepthBits = 24;
uint32_t depth_key(float depth, float near);

// Splats in front of the camera, nearest first, those of the same key in their order: what the
// device finds by sorting, for devices that cannot and for tests.
std::vector<uint32_t> depth_order(const Splats& splats, const Pinhole& camera, double nearest);

}  // namespace longtake::render
