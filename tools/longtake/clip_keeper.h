#pragma once

#include "core/video_writer.h"

#include <cstdint>
#include <filesystem>

namespace longtake::cli {

// Of all frames of a video it keeps clips of equal length, evenly spread from the first frame to
// the last, at half the size: what a judge looks at.
class ClipKeeper : public FrameWriter {
  public:
    // `clips` of `length` frames out of `frames` of height x width, both even; one clip is the
    // first. Throws InputError when that many do not fit.
    ClipKeeper(int64_t frames, int64_t clips, int64_t length, int64_t height, int64_t width);

    void write(const Tensor& frames) override;
    void finish() override {}
    // [clips, length, height / 2, width / 2, 3] of 8-bit sRGB; what was not written yet is zero.
    const Tensor& clips() const { return clips_; }

  private:
    int64_t first_of(int64_t clip) const;

    int64_t frames_, seen_ = 0;
    Tensor clips_;
};

}  // namespace longtake::cli
