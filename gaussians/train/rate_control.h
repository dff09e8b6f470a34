#pragma once

#include <cstdint>
#include <optional>

namespace longtake::gaussians {

// What a stream may take; what is not given does not matter.
struct StreamBudget {
    std::optional<double> bytes_per_second;   // of the stream, keys among them
    std::optional<double> seconds_per_frame;  // of learning and coding what a frame changes
    std::optional<double> memory_bytes;       // of the encoder, on its device
};

// How many Gaussians keep within a budget, at least 1: their keys take two fifths of it, segments
// being so long, and their training has room beside pictures of so many pixels in all.
int64_t most_gaussians(const StreamBudget& budget, double segment_seconds, int64_t pixels);

// How a frame is learnt.
struct Effort {
    int64_t rounds = 10;
    double gate_cost = 0.01;
};

// Steers the frames after the first into a budget of bytes and time. Each segment has its share of
// the bytes: what its key leaves is spread over its other frames, by making open gates dearer or
// cheaper as the frames before turned out. Hence what becomes of a segment does not depend on other
// segments but, where time is to be kept, on how fast this machine was so far.
class RateControl {
  public:
    RateControl(const StreamBudget& budget, const Effort& start, int64_t segment_frames,
                double segment_seconds);

    Effort next() const { return next_; }
    void begin_segment();  // with the frame that next() is for
    // What that frame took.
    void spent(double bytes, double seconds, bool key);
    // What the rest of the segment may take for each frame; nothing without a budget.
    std::optional<double> bytes_a_frame() const;

  private:
    StreamBudget budget_;
    Effort start_, next_;
    int64_t segment_frames_, frames_left_;
    double segment_bytes_, bytes_left_;
    double round_seconds_ = 0;
};

}  // namespace longtake::gaussians
