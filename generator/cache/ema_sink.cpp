#include "generator/cache/policy.h"

#include "core/error.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// A sink that touches the window and slowly takes up what leaves it (Reward Forcing).
class EmaSink : public CachePolicy {
  public:
    EmaSink(int64_t window, int64_t sink, double share)
        : CachePolicy(window), sink_(sink), share_(share) {}

    Plan plan(const Border& border) const override {
        if (border.cached + border.frames <= window()) {
            return append(border);
        }
        Plan plan = roll(border, window(), sink_);
        plan.head_frame = border.first_frame + border.frames - window();
        plan.folds[0] = Fold{{sink_, plan.tail.begin}, {0, sink_}, share_};
        return plan;
    }

  private:
    int64_t sink_;
    double share_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_ema_sink(CacheOptions& options,
                                                 const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t window = window_option(options, defaults, 3 * chunk);
    const int64_t widest = window - chunk;
    check_input(widest > 0,
                "--cache ema-sink: a window of {} frames has no room for a sink beside a chunk of "
                "{}; use window={} or more",
                window, chunk, chunk + 1);
    const int64_t sink = options.integer("sink", std::min(chunk, widest), 1, widest);
    // Thousandths. A bf16 cache has 8 bits: below 4 only large differences leave a trace in it.
    const int64_t share = options.integer("share", 1, 0, 1000);
    return std::make_unique<EmaSink>(window, sink, static_cast<double>(share) / 1000);
}

}  // namespace longtake::generator
