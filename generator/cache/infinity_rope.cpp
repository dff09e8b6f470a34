#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

struct Settings {
    int64_t sink, flush, jump;
};

// A short window whose sink is moved along to touch it. When the prompt changes, only the sink and
// the newest frames stay, so that the new prompt rules at once; a hard cut moves them far back in
// time for one chunk, so that the new scene keeps its looks without continuing it (Infinity-RoPE:
// KV flush and RoPE cut).
class InfinityRope : public CachePolicy {
  public:
    InfinityRope(int64_t window, const Settings& s) : CachePolicy(window), s_(s) {}

    bool survives_cuts() const override { return true; }

    Plan plan(const Border& border) const override {
        if (border.turn == Turn::None && border.cached + border.frames <= window()) {
            return append(border);
        }
        const int64_t sink = std::min(s_.sink, border.cached);
        const int64_t room = window() - border.frames - sink;
        const int64_t recent = std::min(border.turn == Turn::None ? room : std::min(room, s_.flush),
                                        border.cached - sink);
        Plan plan;
        plan.len_before = border.cached;
        plan.len_after = sink + recent + border.frames;
        plan.head = {0, sink};
        plan.tail = {border.cached - recent, border.cached};
        plan.write_slot = sink + recent;
        plan.tail_frame = border.first_frame - recent - (border.turn == Turn::Cut ? s_.jump : 0);
        plan.head_frame = *plan.tail_frame - sink;
        return plan;
    }

  private:
    Settings s_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_infinity_rope(CacheOptions& options,
                                                      const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t window = window_option(options, defaults, 2 * chunk);
    const int64_t widest = window - chunk;
    Settings s;
    s.sink = options.integer("sink", std::min<int64_t>(1, widest), 0, widest);
    s.flush = options.integer("flush", std::min(chunk - 1, widest - s.sink), 0, widest - s.sink);
    s.jump = options.integer("jump", 42, 0, 10'000);
    return std::make_unique<InfinityRope>(window, s);
}

}  // namespace longtake::generator
