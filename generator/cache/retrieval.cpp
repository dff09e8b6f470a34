#include "core/error.h"
#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// A sink, blocks of frames that have left the window, brought back because the newest queries ask
// for them, and the newest frames (InfLLM, arXiv 2402.04617; ReKV, arXiv 2503.00540). What has left
// waits in the host's memory and, beyond that, in a file. Queries ask for what was shown under the
// same prompt: given another scene's frames where they were in time, a model goes on with that
// scene, whatever it is told.
class Retrieval : public CachePolicy {
  public:
    Retrieval(int64_t window, int64_t sink, int64_t chunk, const RecallSettings& recall)
        : CachePolicy(window), sink_(sink), chunk_(chunk), recall_(recall) {}

    // All queries of the chunk before ask.
    Participation participation() const override { return {.clean_frames = chunk_}; }
    std::optional<RecallSettings> recall() const override { return recall_; }

    Plan plan(const Border& border) const override {
        const int64_t too_many = border.cached + border.frames - window();
        Plan plan = append(border);
        if (too_many > 0) {
            // Whole blocks leave, so that the newest frames begin with a block.
            const int64_t leaving = (too_many + chunk_ - 1) / chunk_ * chunk_;
            const int64_t front = sink_ + recall_.blocks * chunk_;
            plan.head = {0, front};
            plan.tail = {front + leaving, border.cached};
            plan.len_after = border.cached + border.frames - leaving;
            plan.write_slot = plan.len_after - border.frames;
            plan.recalled = {
                {sink_, front}, (border.first_frame - plan.tail.count() - sink_) / chunk_, sink_};
            if (!recall_.in_place) {
                plan.head_frame = border.first_frame - plan.tail.count() - front;
            }
        }
        if (const int64_t block = (border.first_frame - sink_) / chunk_ - 1;
            border.first_frame >= sink_ && block >= 0) {
            const int64_t age = border.first_frame - (sink_ + block * chunk_);
            plan.stored = {.block = block,
                           .slots = {border.cached - age, border.cached - age + chunk_},
                           .first_frame = border.first_frame - age};
        }
        return plan;
    }

  private:
    int64_t sink_, chunk_;  // frames
    RecallSettings recall_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_retrieval(CacheOptions& options,
                                                  const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t window = window_option(options, defaults);
    const int64_t room = window - 2 * chunk;  // beside the chunk and the one before it
    check_input(room >= chunk,
                "--cache retrieval: a window of {} frames has no room for the chunk, the newest {} "
                "and a block of {}; use window={} or more",
                window, chunk, chunk, 3 * chunk);
    const int64_t sink = options.integer("sink", std::min(chunk, room - chunk), 0, window);
    const int64_t most = std::max<int64_t>(1, (room - sink) / chunk);
    RecallSettings recall;
    recall.blocks = options.integer("blocks", std::min<int64_t>(3, most), 1, window);
    const int64_t needed = sink + (recall.blocks + 2) * chunk;
    check_input(needed <= window,
                "--cache retrieval: a sink of {}, {} blocks of {}, the newest {} and the chunk are "
                "{} frames, more than the window's {}; use window={}, or a smaller sink, or fewer "
                "blocks",
                sink, recall.blocks, chunk, chunk, needed, window, needed);
    recall.block_frames = recall.block_span = chunk;
    recall.least_stored = (window - sink) / chunk + 1;
    recall.in_place = options.choice("time", "keep", {"keep", "unify"}) == "keep";
    recall.own_prompt = options.choice("prompts", "own", {"own", "all"}) == "own";
    recall.alike = options.choice("choice", "layer", {"layer", "all"}) == "all";
    recall.budget = block_budget_option(options);
    return std::make_unique<Retrieval>(window, sink, chunk, recall);
}

}  // namespace longtake::generator
