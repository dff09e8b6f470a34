#include "interactive/live_motion.h"

#include <optional>
#include <utility>

namespace longtake::interactive {

LiveMotion::LiveMotion(std::string video, const generator::TrackFrame& take, float spacing)
    : thread_([this, video = std::move(video), take, spacing](const std::stop_token& stop) {
          read(stop, video, take, spacing);
      }) {}

generator::Tracks LiveMotion::at(int64_t first, int64_t count, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    if (waiting_) {
        if (!answered_) {
            return {};
        }
        behind_ += first - asked_at_;  // its rows are kept until they are asked for again
    }
    asked_at_ = first;
    first_ = first - behind_;
    count_ = count;
    answered_ = false;
    changed_.notify_all();
    waiting_ = !changed_.wait_for(lock, patience, [this] { return answered_; });
    if (waiting_) {
        return {};
    }
    if (problem_) {
        std::rethrow_exception(problem_);
    }
    return std::move(answer_);
}

void LiveMotion::read(const std::stop_token& stop, const std::string& video,
                      const generator::TrackFrame& take, float spacing) {
    std::optional<generator::MotionTransfer> motion;
    for (;;) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [this] { return count_ > 0 && !answered_; })) {
            return;
        }
        const int64_t first = first_, count = count_;
        lock.unlock();
        generator::Tracks tracks;
        std::exception_ptr problem;
        try {
            if (!motion) {
                motion.emplace(video, take, spacing, stop);
            }
            tracks = motion->at(first, count);
        } catch (...) {
            problem = std::current_exception();
        }
        lock.lock();
        answer_ = std::move(tracks);
        problem_ = problem;
        answered_ = true;
        changed_.notify_all();
    }
}

}  // namespace longtake::interactive
