#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace longtake::render {

// frame [pixels, 3] of 8 bits -> [pixels, 4], opaque; both on the GPU, queued.
void widen_pixels(const uint8_t* frame, int64_t pixels, uint8_t* wide, cudaStream_t stream);

}  // namespace longtake::render
