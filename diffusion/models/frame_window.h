#pragma once

#include "core/tensor.h"

#include <cstdint>

namespace longtake::diffusion {

// The input of a layer that also sees frames of the past: a ring of frames [R, H, W, C], in which
// the past stands in front of the fresh frames, up to `most` at a time. On the GPU it turns, so
// that nothing is moved; on the CPU, whose convolutions do not go round its end, the past is copied
// to the front. Fresh frames come `most` at a time, except that fewer may come first.
class FrameWindow {
  public:
    // What a stream keeps of it.
    struct Past {
        Tensor frames;  // [past, H, W, C]
        int64_t most;
    };

    // `frame` is [1, H, W, C]. The past is zeros.
    FrameWindow(const Shape& frame, int64_t past, int64_t most, DType dtype, Device device);
    explicit FrameWindow(const Past& past);

    // Where the next frames go; what is said of them holds until `advance`.
    Tensor fresh(int64_t frames);
    const Tensor& ring() const { return ring_; }
    int64_t first() const { return first_; }  // frame of the ring that the past begins with
    // The last of the fresh frames are the past from now on.
    void advance();

    // These wait for nothing: the work on it must be done.
    void clear();
    Past past() const;
    // Throws Error for frames of another size or type.
    void restore(const Past& past);

  private:
    Tensor frame(int64_t i) const;  // of the past
    void copy_frame(const Tensor& from, const Tensor& to) const;

    int64_t past_, most_;
    Tensor ring_;
    int64_t first_ = 0, fresh_ = 0;
    bool untouched_ = true;
};

}  // namespace longtake::diffusion
