#pragma once

#include "core/tensor.h"

#include <cstdint>
#include <vector>

namespace longtake::cli {

// Of all frames of a video it keeps clips of equal length at half the size: what a judge looks at.
class ClipKeeper {
  public:
    // Clips of `length` frames that begin at `starts`, out of `frames` of height x width, both
    // even. Throws InputError when one does not fit.
    ClipKeeper(std::vector<int64_t> starts, int64_t length, int64_t frames, int64_t height,
               int64_t width);
    ClipKeeper(ClipKeeper&&) = default;  // a copy would share the clips

    // The first frame from `frame` on that a clip has; behind the last clip, the video's end.
    int64_t next(int64_t frame) const;
    // Frames of the video from `first` on.
    void keep(int64_t first, const Tensor& frames);
    // [clips, length, height / 2, width / 2, 3] of 8-bit sRGB; what was not kept yet is zero.
    const Tensor& clips() const { return clips_; }

  private:
    std::vector<int64_t> starts_;
    int64_t frames_;
    Tensor clips_;
};

}  // namespace longtake::cli
