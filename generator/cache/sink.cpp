#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// Keeps the first frames where they are in time, and the newest (LongLive).
class Sink : public CachePolicy {
  public:
    Sink(int64_t window, int64_t sink) : CachePolicy(window), sink_(sink) {}

    Plan plan(const Border& border) const override {
        return border.cached + border.frames <= window() ? append(border)
                                                         : roll(border, window(), sink_);
    }
    bool retimes() const override { return false; }

  private:
    int64_t sink_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_sink(CacheOptions& options, const CacheDefaults& defaults) {
    const int64_t window = window_option(options, defaults);
    const int64_t widest = window - defaults.chunk_frames;
    return std::make_unique<Sink>(window,
                                  options.integer("sink", std::min<int64_t>(3, widest), 0, widest));
}

}  // namespace longtake::generator
