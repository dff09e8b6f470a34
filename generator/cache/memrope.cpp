#include "core/error.h"
#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// Between a sink and the recent frames lie two frames that average all that has left, one slowly
// and one fast; everything touches in time (MemRoPE). What leaves is averaged over its tokens.
class MemRope : public CachePolicy {
  public:
    static constexpr int64_t kAverages = 2;

    MemRope(int64_t window, int64_t sink, double slow, double fast)
        : CachePolicy(window), sink_(sink), slow_(slow), fast_(fast) {}

    Plan plan(const Border& border) const override {
        if (border.cached + border.frames <= window()) {
            return append(border);
        }
        const int64_t kept = sink_ + kAverages;
        const bool first = border.first_frame == border.cached;  // nothing has left before
        Plan plan = roll(border, window(), kept);
        plan.head_frame = border.first_frame + border.frames - window();
        const Range leaving{kept, plan.tail.begin};
        plan.folds[0] = Fold{leaving, {sink_, sink_ + 1}, first ? 1 : slow_, true};
        plan.folds[1] = Fold{leaving, {sink_ + 1, kept}, first ? 1 : fast_, true};
        return plan;
    }

  private:
    int64_t sink_;
    double slow_, fast_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_memrope(CacheOptions& options,
                                                const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t window = window_option(options, defaults, 4 * chunk);
    const int64_t widest = window - chunk - MemRope::kAverages;
    check_input(widest >= 0,
                "--cache memrope: a window of {} frames has no room for a chunk of {} "
                "and two averages; use window={} or more",
                window, chunk, chunk + MemRope::kAverages);
    const int64_t sink = options.integer("sink", std::min(chunk, widest), 0, widest);
    const int64_t slow = options.integer("slow", 10, 0, 1000);  // thousandths, as `fast`
    const int64_t fast = options.integer("fast", 100, 0, 1000);
    return std::make_unique<MemRope>(window, sink, static_cast<double>(slow) / 1000,
                                     static_cast<double>(fast) / 1000);
}

}  // namespace longtake::generator
