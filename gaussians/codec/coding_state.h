#pragma once

#include "gaussians/codec/fixed_cloud.h"
#include "gaussians/codec/residual.h"

#include <array>

namespace longtake::gaussians {

// What reader and writer of a stream both know after a frame.
struct CodingState {
    FixedCloud cloud;
    // Of the frame, of scales, rotations, opacities and colours; on the CPU. After a key they say
    // nothing.
    std::array<FixedDecoder, 4> decoders;
};

}  // namespace longtake::gaussians
