#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// A sink and the newest frames, as `sink`. When the prompt changes, the newest get new keys and
// values under the new prompt, in one pass over all of them in which each sees all, so that what
// the old prompt left in the cache does not hold the take back (LongLive's KV recache).
class Recache : public CachePolicy {
  public:
    Recache(int64_t window, int64_t sink, int64_t frames)
        : CachePolicy(window), sink_(sink), frames_(frames) {}

    Plan plan(const Border& border) const override {
        return border.cached + border.frames <= window() ? append(border)
                                                         : roll(border, window(), sink_);
    }
    bool retimes() const override { return false; }
    int64_t history() const override { return frames_; }
    int64_t recached(const Border& border) const override {
        return border.turn == Turn::Prompt ? std::clamp<int64_t>(border.cached - sink_, 0, frames_)
                                           : 0;
    }

  private:
    int64_t sink_, frames_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_recache(CacheOptions& options,
                                                const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t window = window_option(options, defaults, 4 * chunk);
    const int64_t widest = window - chunk;
    const int64_t sink = options.integer("sink", std::min<int64_t>(3, widest), 0, widest);
    const int64_t most = window - sink;
    return std::make_unique<Recache>(window, sink, options.integer("frames", most, 1, most));
}

}  // namespace longtake::generator
