#pragma once

#include "gaussians/codec/coding_state.h"
#include "gaussians/codec/frame_header.h"

#include <cstdint>

namespace longtake::gaussians {

// A change as the parts of a frame, and back, exactly.
struct ResidualFrame {
    FrameParts parts;
    int64_t changed = 0;  // new Gaussians, and those with anything but zeros
};
ResidualFrame encode_residual(const Residual& residual, const CodingState& before);  // on the CPU
// `count`: how many Gaussians there are after it. Throws InputError saying what is damaged.
Residual decode_residual(const FrameParts& parts, int64_t count, const CodingState& before);

// The state after it.
CodingState advance(const CodingState& before, const Residual& residual);

}  // namespace longtake::gaussians
