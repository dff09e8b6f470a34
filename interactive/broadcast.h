#pragma once

#include "core/video_writer.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace longtake::interactive {

// Sends a take on while it is made. What the other side does not take in time is left out, and a
// connection that breaks or cannot be made is tried again, so that nothing here ever holds up the
// take. `tap` comes from the thread that makes chunks, the rest from the one that watches.
class Broadcast {
  public:
    // Connects and gives the way for frames of this size; throws Error where it cannot.
    using Connect = std::function<std::unique_ptr<FrameWriter>(int64_t height, int64_t width)>;
    // `pause`: seconds from a first failure to the next attempt; then twice as long each time.
    explicit Broadcast(double pause = 1);
    ~Broadcast();

    void start(Connect connect);
    void stop();

    enum class Line : uint8_t { Off, Connecting, Sending, Waiting };
    struct State {
        Line line = Line::Off;
        int64_t sent = 0, left_out = 0;  // frames
        std::string trouble;             // of the last attempt that failed
    };
    State state() const;

    void tap(const Tensor& frames);  // [T, H, W, 3] of 8-bit sRGB; copies them

  private:
    void work(const Connect& connect);
    bool next(Tensor& frames);
    void rest(double seconds);

    const double pause_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Tensor> waiting_;
    State state_;
    bool closing_ = false;
    std::thread thread_;
};

// Whether it is the address of a stream that frames can be sent to.
bool is_live_address(const std::string& address);
Broadcast::Connect connect_to(const std::string& address, double frame_rate);

}  // namespace longtake::interactive
