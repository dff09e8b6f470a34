#pragma once

#include "core/arena.h"
#include "gaussians/codec/coding_state.h"
#include "gaussians/codec/frame_header.h"
#include "gaussians/codec/stream_info.h"

#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// A whole cloud as a frame of its own: rounded to coarser multiples, in Morton order.
struct KeyFrame {
    CodingState state;           // what decode_key gives
    std::vector<int32_t> order;  // its rows as rows of what was given
    FrameParts parts;
};
KeyFrame encode_key(const FixedCloud& cloud);  // on the CPU
// On the arena's device and in its memory. Throws InputError saying what is damaged.
CodingState decode_key(const FrameParts& parts, int64_t count, const StreamInfo& info,
                       Arena& arena);

}  // namespace longtake::gaussians
