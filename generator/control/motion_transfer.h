#pragma once

#include "core/video_reader.h"
#include "generator/tracks/grid_tracker.h"
#include "generator/tracks/track_file.h"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace longtake::generator {

// The motion of another video as tracks for a take, frame by frame as it comes: a file, a stream
// or a camera. Its pictures are fitted to the take's as `--image` is, its frames to the take's
// times; between two of them points go straight.
class MotionTransfer {
  public:
    // `spacing` from point to point, in pixels of the take. Whoever asks to `stop` ends its
    // waiting.
    MotionTransfer(const std::string& video, const TrackFrame& take, float spacing,
                   std::stop_token stop = {});

    // Of frames [first, first + count) of the take, fewer where the video ends; `first` never goes
    // back. Waits for a video that is still being made. Throws InputError, naming the video.
    Tracks at(int64_t first, int64_t count);

  private:
    using Points = std::vector<PointTracker::Followed>;  // by rising id
    bool read();
    bool make_row();

    TrackFrame take_;
    VideoReader reader_;
    double step_;  // frames of the video for one of the take
    GridTracker tracker_;
    Points before_, after_;    // around the next frame of the take
    int64_t read_ = 0;         // frames of the video; `after_` is the last
    std::deque<Tracks> rows_;  // of a frame each
    int64_t first_row_ = 0;    // the frame of the take that the first of them is for
    bool ended_ = false;
};

}  // namespace longtake::generator
