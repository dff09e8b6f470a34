#pragma once

#include <cstdint>
#include <functional>
#include <limits>

namespace longtake::interactive {

// Which frame of a scene is shown when. Times are in seconds of any clock that does not go back.
// A frame that is not there yet is waited for, and the beat begins anew with it.
class Playback {
  public:
    static constexpr double kSlowest = 0.125, kFastest = 8;  // times the scene's own speed

    Playback(int64_t frames, double frame_rate) : frames_(frames), rate_(frame_rate) {}

    // Whether a frame is there.
    using Ready = std::function<bool(int64_t)>;
    // True when another frame is to be shown.
    bool advance(double now, const Ready& ready);
    double due() const;  // when `advance` has something to do, if the wanted frame is there

    void play(bool on);
    void seek(int64_t frame);  // to the nearest there is
    void step(int64_t by);     // pauses
    void set_speed(double speed);
    void set_loop(bool on) { loop_ = on; }

    int64_t wanted() const { return wanted_; }
    // Those that come after it, as long as nobody intervenes: the i-th.
    int64_t after_wanted(int64_t i) const;
    int64_t shown() const { return shown_; }  // -1 before the first
    int64_t frames_shown() const { return count_; }
    int64_t frames() const { return frames_; }
    bool playing() const { return playing_; }
    bool loops() const { return loop_; }
    double speed() const { return speed_; }
    double rate() const { return rate_; }

  private:
    static constexpr double kNever = std::numeric_limits<double>::infinity();

    int64_t frames_;
    double rate_;
    int64_t wanted_ = 0, shown_ = -1, count_ = 0;
    double next_ = 0;      // when the frame after the one shown is wanted
    bool restart_ = true;  // the beat begins with the frame that comes
    bool playing_ = true, loop_ = true;
    double speed_ = 1;
};

}  // namespace longtake::interactive
