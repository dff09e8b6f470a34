#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace longtake::interactive {

// From a control to the first frame on the screen that follows it.
class LatencyMeter {
  public:
    void posted(int64_t revision, double now) { waiting_.push_back({revision, now}); }
    // A frame of a chunk of this revision is on the screen.
    void shown(int64_t revision, double now);

    bool empty() const { return seconds_.empty(); }
    // The smallest latency that at least `share` (0 to 1) of the newest ones do not exceed.
    double quantile(double share) const;
    double newest() const { return seconds_.empty() ? 0 : seconds_.back(); }

  private:
    struct Waiting {
        int64_t revision;
        double since;
    };
    std::deque<Waiting> waiting_;
    std::deque<double> seconds_;  // newest last
};

}  // namespace longtake::interactive
