#include "interactive/volume/playback.h"

#include <algorithm>
#include <utility>

namespace longtake::interactive {

int64_t Playback::after_wanted(int64_t i) const {
    return loop_ ? (wanted_ + i) % frames_ : std::min(wanted_ + i, frames_ - 1);
}

bool Playback::advance(double now, const Ready& ready) {
    if (playing_ && wanted_ == shown_ && now >= next_ && frames_ > 1) {
        wanted_ = after_wanted(1);
        playing_ = wanted_ != shown_;
    }
    if (wanted_ == shown_ || !ready(wanted_)) {
        return false;
    }
    shown_ = wanted_;
    ++count_;
    const double interval = 1 / (rate_ * speed_);
    const bool late = now > next_ + interval;
    next_ = std::exchange(restart_, false) || late ? now + interval : next_ + interval;
    return true;
}

double Playback::due() const {
    return playing_ && frames_ > 1 ? next_ : kNever;
}

void Playback::play(bool on) {
    if (on && !playing_ && wanted_ == frames_ - 1 && !loop_) {
        wanted_ = 0;
    }
    playing_ = on;
    restart_ = true;
}

void Playback::seek(int64_t frame) {
    wanted_ = std::clamp<int64_t>(frame, 0, frames_ - 1);
    restart_ = true;
}

void Playback::step(int64_t by) {
    playing_ = false;
    const int64_t to = wanted_ + by;
    seek(loop_ ? (to % frames_ + frames_) % frames_ : to);
}

void Playback::set_speed(double speed) {
    speed_ = std::clamp(speed, kSlowest, kFastest);
    restart_ = true;
}

}  // namespace longtake::interactive
