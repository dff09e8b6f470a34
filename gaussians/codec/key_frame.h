#pragma once

#include "core/arena.h"
#include "gaussians/codec/coding_state.h"
#include "gaussians/codec/frame_header.h"
#include "gaussians/codec/stream_info.h"

#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// To multiples of how many of its steps a key rounds each column: on `biker` of PlayCanvas,
// pictures stay within 63 dB of those before (tests/records/gaussians_codec.jsonl).
struct KeyMultiples {
    static constexpr int32_t kOne = 1 << 20;  // kFixedStep of them are one
    static constexpr int32_t kMeans = 4, kLogScales = kOne / 16, kRotations = kOne / 128,
                             kOpacities = kOne / 16, kShDc = kOne / 32;
};

// Quaternions of length one; of the two that mean the same the one whose first is not negative.
Tensor normalized_rotations(const Tensor& rotations);

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
