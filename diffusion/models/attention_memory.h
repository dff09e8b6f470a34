#pragma once

#include "core/tensor.h"

#include <span>

namespace longtake::diffusion {

// What one layer attends to: the first `slots` rows of every head.
struct KvView {
    const void* keys = nullptr;    // [heads, stride, head_dim], rotated in space and time
    const void* values = nullptr;  // [heads, stride, head_dim]
    int64_t slots = 0;             // rows to attend, <= stride
    int64_t stride = 0;            // rows from one head to the next
    DType dtype = DType::F32;
};

// The memory a causal transformer attends over. The transformer knows nothing of policies: it
// hands every layer's new keys and values over and attends to what comes back.
//
// Keys arrive rotated in space but not in time (height and width of a token never change, its
// time position may), so that re-timing a token is exact.
class AttentionMemory {
  public:
    virtual ~AttentionMemory() = default;

    // Time position of each frame of the current chunk, for the rotation of its queries: [F].
    virtual std::span<const double> query_positions() const = 0;

    // Called once per layer and forward pass, layers in order.
    //   queries [L, heads, head_dim]  rotated in space and time
    //   keys    [L, heads, head_dim]  rotated in space only
    //   values  [L, heads, head_dim]
    // L = frames of the chunk x tokens per frame, frame-major. Element type: the transformer's
    // compute type. The view stays valid until the next call.
    virtual KvView update(int layer, const Tensor& queries, const Tensor& keys,
                          const Tensor& values) = 0;
};

}  // namespace longtake::diffusion
