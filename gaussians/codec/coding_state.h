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
    // Of each Gaussian, whether the frame changed its place, scales, rotation, opacity, colour and
    // harmonics; after a key: nothing. [kChanges, N] uint8, where the cloud is.
    static constexpr int64_t kChanges = 6;
    Tensor changes;

    CodingState clone() const {
        return {.cloud = cloud.clone(), .decoders = decoders, .changes = changes.clone()};
    }
    CodingState to(Device device) const {
        return {.cloud = cloud.to(device), .decoders = decoders, .changes = changes.to(device)};
    }
};

}  // namespace longtake::gaussians
