#pragma once

#include "interactive/chunk_maker.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>

namespace longtake::interactive {

// Decides which frame is on the screen when. Times are in seconds of any clock that does not go
// back. Frames come at the video's rate, or evenly at the rate at which they are made where that
// is lower. None is left out: when the next one is late, the beat begins anew with it, and what
// has gathered meanwhile follows at the video's rate.
class Pacer {
  public:
    // Gives the next chunk, or nothing while there is none.
    using Source = std::function<std::optional<MadeChunk>()>;

    explicit Pacer(double frame_rate) : frame_seconds_(1 / frame_rate) {}

    // True when another frame is to be shown. `waiting`: the chunk after this one is there.
    bool advance(double now, bool waiting, const Source& next);
    // When `advance` has something to do, if the next chunk is there by then.
    double due() const { return paused_ && steps_ == 0 ? kNever : due_; }
    bool starved() const { return starved_; }  // waits for a chunk

    void pause(bool on);  // at once
    bool paused() const { return paused_; }
    void step() { ++steps_; }  // one frame further, while paused
    void drop();               // shows the frame there is until the next chunk comes

    const MadeChunk* chunk() const { return chunk_ ? &*chunk_ : nullptr; }
    int64_t frame_in_chunk() const { return frame_; }
    // Of the video; of what is shown now. -1 before the first.
    int64_t frame() const { return chunk_ ? chunk_->receipt.first_frame + frame_ : -1; }
    double made_seconds() const { return made_seconds_; }  // for a frame, lately

  private:
    static constexpr double kNever = std::numeric_limits<double>::infinity();
    bool has_frames_left() const { return chunk_ && !dropped_ && frame_ + 1 < count_; }
    double interval(bool waiting) const;

    double frame_seconds_;
    std::optional<MadeChunk> chunk_;
    int64_t frame_ = 0, count_ = 0;
    double due_ = 0;
    double made_seconds_ = 0;
    bool starved_ = true;
    bool dropped_ = false;
    bool paused_ = false;
    int64_t steps_ = 0;
};

}  // namespace longtake::interactive
