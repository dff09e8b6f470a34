#pragma once

#include "core/av_handles.h"

namespace longtake::av {

// Converts pictures from one format and size to another, minding the colour matrix, the range and
// the place of the chroma samples that each frame states.
class PictureConverter {
  public:
    void convert(const AVFrame& from, AVFrame& to);

  private:
    // What decides how to convert: of the source, then of the target.
    struct Side {
        int width, height, format, matrix, full_range, chroma_x, chroma_y;
        bool operator==(const Side&) const = default;
    };
    static Side side_of(const AVFrame& frame);
    void prepare(const Side& from, const Side& to);

    Side from_{}, to_{};
    Scaler scaler_;
};

}  // namespace longtake::av
