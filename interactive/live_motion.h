#pragma once

#include "generator/control/motion_transfer.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace longtake::interactive {

// The motion of a video for a take that goes on without it: read on a thread of its own. A video
// that is late, such as a stream that has stalled, has no motion until it comes, and then goes on
// from where it was. Not for several threads at once.
class LiveMotion {
  public:
    // `spacing` as MotionTransfer's. Opens the video on its thread, too.
    LiveMotion(std::string video, const generator::TrackFrame& take, float spacing);
    LiveMotion(const LiveMotion&) = delete;
    LiveMotion& operator=(const LiveMotion&) = delete;

    // Of frames [first, first + count) of the take, fewer where the video ends; `first` never goes
    // back. None while the video is late: waits `patience` for it, and not again before it has
    // come. Throws InputError, naming the video.
    generator::Tracks at(int64_t first, int64_t count, std::chrono::milliseconds patience);
    bool late() const { return waiting_; }

  private:
    void read(const std::stop_token& stop, const std::string& video,
              const generator::TrackFrame& take, float spacing);

    int64_t asked_at_ = 0, behind_ = 0;  // frames of the take: where it asked last, how late it is
    bool waiting_ = false;

    std::mutex mutex_;
    std::condition_variable_any changed_;
    int64_t first_ = 0, count_ = 0;  // what is asked of the thread; count 0: nothing
    bool answered_ = false;
    generator::Tracks answer_;
    std::exception_ptr problem_;
    std::jthread thread_;  // the last to come, the first to go
};

}  // namespace longtake::interactive
