#include "generator/cache/policy.h"

#include "core/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace longtake::generator {
namespace {

struct Settings {
    int64_t sink, budget, recent, gap;
    bool unify;
    Participation participation;
};

// Deep Sink with Participative Compression: whenever the window is full, the cache shrinks to the
// sink, the tokens the newest queries look at most, and the newest frames (Deep Forcing).
class DeepForcing : public CachePolicy {
  public:
    DeepForcing(int64_t window, const Settings& s) : CachePolicy(window), s_(s) {}

    Participation participation() const override { return s_.participation; }

    Plan plan(const Border& border) const override {
        if (border.cached + border.frames <= window()) {
            return append(border);
        }
        const int64_t kept = std::max<int64_t>(0, s_.recent - border.frames);
        Plan plan;
        plan.fire = true;
        plan.len_before = border.cached;
        plan.len_after = s_.budget;
        plan.head = {0, s_.sink};
        plan.tail = {border.cached - kept, border.cached};
        plan.candidates = {s_.sink, border.cached - kept};
        plan.top = s_.budget - s_.sink - s_.recent;
        plan.write_slot = s_.budget - border.frames;
        plan.head_frame = border.first_frame + border.frames - s_.budget - s_.gap;
        if (s_.unify) {
            plan.top_frame = *plan.head_frame + s_.sink;
        }
        return plan;
    }

  private:
    Settings s_;
};

Queries queries_of(const std::string& name) {
    return name == "noisy" ? Queries::Noisy : name == "clean" ? Queries::Clean : Queries::Both;
}

}  // namespace

std::unique_ptr<const CachePolicy> make_deep_forcing(CacheOptions& options,
                                                     const CacheDefaults& defaults) {
    const int64_t window = window_option(options, defaults);
    const int64_t chunk = defaults.chunk_frames;
    const bool paper = options.integer("paper", 0, 0, 1) == 1;
    Settings s;
    s.budget = options.integer("budget", std::min<int64_t>(16, window), chunk, window);
    // At least the chunk itself; at most the chunk and the clean one before it.
    s.recent = options.integer("recent", std::min(chunk + 1, s.budget), chunk, 2 * chunk);
    // Where there is room, a sixth of what the newest leave is chosen.
    const int64_t room = std::max<int64_t>(0, s.budget - s.recent);
    s.sink = options.integer("sink", std::min<int64_t>(10, room - room / 6), 0, window);
    s.gap = options.integer("sink_gap", paper ? 0 : chunk, 0, window);
    s.unify = options.choice("topc_rope", paper ? "unify" : "keep", {"keep", "unify"}) == "unify";
    Participation& p = s.participation;
    p.queries = queries_of(options.choice("queries", "both", {"both", "noisy", "clean"}));
    p.clean_frames = s.recent - chunk;
    p.reuse_limit = static_cast<int>(options.integer("reuse_limit", paper ? 0 : 7, 0, 255));
    p.score = options.choice("score", "sum", {"sum", "random"}) == "random" ? Score::Random
                                                                            : Score::Votes;
    const int64_t needed = s.sink + s.recent;
    check_input(
        needed <= s.budget,
        "--cache deep-forcing: sink {} and recent {} exceed the budget of {} frames; use {} "
        "or more, or a smaller sink",
        s.sink, s.recent, s.budget,
        needed <= window ? fmt::format("budget={}", needed)
                         : fmt::format("window={0},budget={0}", needed));
    check_input(p.queries != Queries::Clean || p.clean_frames > 0,
                "--cache deep-forcing: queries=clean needs a clean frame that votes; use recent={}",
                chunk + 1);
    return std::make_unique<DeepForcing>(window, s);
}

}  // namespace longtake::generator
