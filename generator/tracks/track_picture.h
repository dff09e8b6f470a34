#pragma once

#include "core/tensor.h"
#include "generator/tracks/track_file.h"

namespace longtake::generator {

// Tracks over time in one picture [H, W, 3], in MotionStream's colours: blue what moves, from dark
// to bright, red what stays; a ring where a point appears, a disc where it ends. The frame is the
// picture that they are of, and there is room around it: tracks of another convention are seen to
// lie outside, or all in a corner.
Tensor track_picture(const Tracks& tracks, const TrackFrame& frame);

// On the frames [T, H, W, 3] of a video, from its frame `first` on: where points were asked to be
// (cyan) and where they are (yellow), the way of the last moments behind them.
void draw_tracks(Tensor& frames, int64_t first, const Tracks& asked, const Tracks& found);

}  // namespace longtake::generator
