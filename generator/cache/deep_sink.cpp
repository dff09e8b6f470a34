#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// Keeps the first frames, moved along in time so that they stay just before the newest (Deep
// Forcing without compression).
class DeepSink : public CachePolicy {
  public:
    DeepSink(int64_t window, int64_t sink, int64_t gap)
        : CachePolicy(window), sink_(sink), gap_(gap) {}

    Plan plan(const Border& border) const override {
        if (border.cached + border.frames <= window()) {
            return append(border);
        }
        Plan plan = roll(border, window(), sink_);
        plan.head_frame = border.first_frame + border.frames - window() - gap_;
        return plan;
    }

  private:
    int64_t sink_;
    int64_t gap_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_deep_sink(CacheOptions& options,
                                                  const CacheDefaults& defaults) {
    const int64_t window = window_option(options, defaults);
    const int64_t widest = window - defaults.chunk_frames;
    const int64_t sink = options.integer("sink", std::min<int64_t>(10, widest), 0, widest);
    return std::make_unique<DeepSink>(
        window, sink, options.integer("sink_gap", defaults.chunk_frames, 0, window));
}

}  // namespace longtake::generator
