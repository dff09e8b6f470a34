#include "core/error.h"
#include "generator/cache/downsampling.h"
#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// The newest frames whole, the 18 before them downsampled, and cycles of 18 from before that,
// likewise downsampled, brought back by where their camera was (in the spirit of RELIC, arXiv
// 2512.04040). The cache is [the newest cycle | cycles that are back | newest frames | chunk];
// every token stands where its frame was in time.
class Relic : public CachePolicy {
  public:
    Relic(int64_t window, int64_t recent, int64_t chunk, const RecallSettings& recall)
        : CachePolicy(window), recent_(recent), chunk_(chunk), recall_(recall) {}

    Participation participation() const override { return {.clean_frames = chunk_}; }
    std::optional<RecallSettings> recall() const override { return recall_; }
    bool downsamples() const override { return true; }

    Plan plan(const Border& border) const override {
        // Frames count from the first cycle's, which begins with a chunk.
        const int64_t phase = border.first_frame % chunk_;
        const int64_t left = border.first_frame - recent_ - phase, left_before = left - chunk_;
        const bool whole = border.cached == border.first_frame;  // nothing has been downsampled yet
        if (whole && border.cached + border.frames <= window() && left < Downsampling::kCycle) {
            return append(border);
        }
        const int64_t back = blocks(left), front = kSlots + kSlots * back;
        Plan plan = append(border);
        plan.head = {0, front};
        plan.tail = {border.cached - recent_, border.cached};
        plan.len_after = front + recent_ + border.frames;
        plan.write_slot = front + recent_;
        if (whole) {  // a whole cycle, although the last of it may still be among the newest
            plan.downsampled = {{phase, phase + Downsampling::kCycle}, 0};
            return plan;
        }
        const int64_t oldest = kSlots + kSlots * blocks(left_before);
        plan.downsampled = {{oldest, oldest + chunk_}, left_before % Downsampling::kCycle};
        if (left_before >= Downsampling::kCycle && left_before % Downsampling::kCycle == 0) {
            plan.stored = {left_before / Downsampling::kCycle - 1,
                           {0, kSlots},
                           phase + left_before - Downsampling::kCycle};
        }
        if (back > 0) {
            plan.recalled = {{kSlots, front}, cycles_outside(left), phase};
        }
        return plan;
    }

  private:
    static constexpr int64_t kSlots = Downsampling::kSlots;
    // Cycles of which nothing is left in the cache, when so many frames have left.
    static int64_t cycles_outside(int64_t left) {
        return std::max<int64_t>(0, left / Downsampling::kCycle - 1);
    }
    int64_t blocks(int64_t left) const { return std::min(recall_.blocks, cycles_outside(left)); }

    int64_t recent_, chunk_;  // frames
    RecallSettings recall_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_relic(CacheOptions& options,
                                              const CacheDefaults& defaults) {
    constexpr int64_t kCycle = Downsampling::kCycle, kSlots = Downsampling::kSlots;
    const int64_t chunk = defaults.chunk_frames;
    check_input(chunk % kSlots == 0 && kCycle % chunk == 0,
                "--cache relic: chunks of {} frames do not go into cycles of {}", chunk, kCycle);
    const int64_t window = window_option(options, defaults);
    const int64_t least = kCycle + chunk;
    check_input(window >= least,
                "--cache relic: a window of {} frames does not hold a cycle of {} and a chunk of "
                "{}; use window={} or more",
                window, kCycle, chunk, least);
    const int64_t recent = options.integer("recent", 2 * chunk, chunk, window);
    const int64_t room = window - kSlots - chunk - recent;
    const int64_t blocks =
        options.integer("blocks", std::max<int64_t>(1, room / kSlots), 1, window);
    const int64_t needed = kSlots * (blocks + 1) + recent + chunk;
    check_input(needed <= window,
                "--cache relic: the newest {} frames, {} blocks of {}, the cycle before and the "
                "chunk are {} frames, more than the window's {}; use window={}, or fewer",
                recent, blocks, kSlots, needed, window, needed);
    RecallSettings recall;
    recall.blocks = blocks;
    recall.block_frames = kSlots;
    recall.block_span = kCycle;
    recall.least_stored = blocks + 3;
    recall.in_place = true;
    recall.by_viewpoint = true;
    recall.viewpoints = 2 * kCycle + recent + chunk;
    recall.budget = block_budget_option(options);
    return std::make_unique<Relic>(window, recent, chunk, recall);
}

}  // namespace longtake::generator
