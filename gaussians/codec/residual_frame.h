#pragma once

#include "core/arena.h"
#include "gaussians/codec/coding_state.h"
#include "gaussians/codec/frame_header.h"

#include <cstdint>

namespace longtake::gaussians {

// A change as the parts of a frame, and back, exactly.
struct ResidualFrame {
    FrameParts parts;
    CodingState after;
    int64_t changed = 0;  // new Gaussians, and those with anything but zeros
};
// The state stays where it is, the rest of the work is done on the CPU.
ResidualFrame encode_residual(const Residual& residual, const CodingState& before);
// `count`: how many Gaussians there are after it. In memory of the arena, which is of the state's
// device. Throws InputError saying what is damaged.
CodingState decode_residual(const FrameParts& parts, int64_t count, const CodingState& before,
                            Arena& arena);

}  // namespace longtake::gaussians
