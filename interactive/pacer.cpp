#include "interactive/pacer.h"

#include <algorithm>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr double kNewest = 0.5;  // weight of the newest chunk in how long making takes

}  // namespace

bool Pacer::advance(double now, bool waiting, const Source& next) {
    if (paused_ ? steps_ == 0 : now < due_) {
        return false;
    }
    if (has_frames_left()) {
        ++frame_;
    } else {
        auto chunk = next();
        if (!chunk) {
            starved_ = true;
            return false;
        }
        count_ = chunk->frames.extent(0);
        const double made = chunk->seconds / static_cast<double>(count_);
        made_seconds_ = made_seconds_ == 0 ? made : kNewest * made + (1 - kNewest) * made_seconds_;
        chunk_ = std::move(chunk);
        frame_ = 0;
        dropped_ = false;
        waiting = false;
    }
    steps_ = std::max<int64_t>(0, steps_ - 1);
    const double beat = interval(waiting);
    const bool late = starved_ || now - due_ > beat;
    due_ = (late ? now : due_) + beat;
    starved_ = false;
    return true;
}

double Pacer::interval(bool waiting) const {
    return waiting ? frame_seconds_ : std::max(frame_seconds_, made_seconds_);
}

void Pacer::pause(bool on) {
    paused_ = on;
    steps_ = 0;
}

void Pacer::drop() {
    dropped_ = true;
    starved_ = true;
    due_ = 0;
}

}  // namespace longtake::interactive
