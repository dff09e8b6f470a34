#pragma once

#include "core/tensor.h"

#include <cstdint>

namespace longtake::generator {

// The newest clean latents of a take, as many as its cache's policy may want to read again.
class LatentHistory {
  public:
    LatentHistory() = default;  // remembers none
    // Of latents like `frame` [1, C, h, w]. Work on a GPU is queued on `stream`.
    LatentHistory(int64_t capacity, const Tensor& frame, GpuStream stream);

    void append(const Tensor& latents);   // [F, C, h, w]
    Tensor newest(int64_t frames) const;  // shares storage, which the next append changes
    // The latent before the newest `frames` - 1: [1, C, h, w] of either device, complete.
    void replace(int64_t frames, const Tensor& latent);
    void clear() { count_ = 0; }
    void copy_from(const LatentHistory& other);  // of the same capacity
    LatentHistory clone() const;

  private:
    Tensor frames_;  // [capacity, C, h, w], the newest last of `count_`
    int64_t count_ = 0;
    GpuStream stream_ = nullptr;
};

}  // namespace longtake::generator
