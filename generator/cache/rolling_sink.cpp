#include "core/error.h"
#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// History is replaced by the beginning: once the window has been full, a chunk that is no longer
// the newest gives its place in time to the next of the first frames, which are walked forwards and
// backwards without end (Rolling Sink). Nothing generated is looked at for longer than one chunk.
class RollingSink : public CachePolicy {
  public:
    RollingSink(int64_t window, int64_t chunk)
        : CachePolicy(window), chunk_(chunk), chunks_(window / chunk - 1) {}

    int64_t archive_frames() const override { return chunks_ * chunk_; }

    Plan plan(const Border& border) const override {
        if (border.cached + border.frames <= window()) {
            return append(border);
        }
        Plan plan = roll(border, window(), 0);
        if (border.first_frame == border.cached) {  // the window is full for the first time
            plan.archive = true;
            return plan;
        }
        const int64_t slot = plan.write_slot - 2 * chunk_;
        const int64_t leg = (border.first_frame - 2 * chunk_) / chunk_ / chunks_;
        const int64_t at = (border.first_frame - 2 * chunk_) / chunk_ % chunks_;
        const bool backwards = leg % 2 == 1;
        const int64_t from = (backwards ? chunks_ - 1 - at : at) * chunk_;
        plan.replay = Replay{{from, from + chunk_}, backwards, slot};
        return plan;
    }

  private:
    int64_t chunk_, chunks_;  // frames of a chunk, chunks of the beginning
};

}  // namespace

std::unique_ptr<const CachePolicy> make_rolling_sink(CacheOptions& options,
                                                     const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t window = window_option(options, defaults);
    const int64_t next = std::max<int64_t>(3, (window + chunk - 1) / chunk) * chunk;
    check_input(
        window == next,
        "--cache rolling-sink: a window of {} frames is not three chunks of {} or more; use "
        "window={}",
        window, chunk, next);
    return std::make_unique<RollingSink>(window, chunk);
}

}  // namespace longtake::generator
