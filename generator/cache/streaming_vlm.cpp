#include "core/error.h"
#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// A sink, a long window of which little is kept and a short one of which all is, with nothing
// between them in time (StreamingVLM, arXiv 2510.09608, whose long window holds text and whose
// short one holds pictures). Of the frames of a chunk that leave the short window, the newest goes
// over into the long one.
class StreamingVlm : public CachePolicy {
  public:
    StreamingVlm(int64_t window, int64_t sink, int64_t lasting)
        : CachePolicy(window), sink_(sink), lasting_(lasting) {}

    Plan plan(const Border& border) const override {
        const int64_t leaving = border.cached + border.frames - window();
        if (leaving <= 0) {
            return append(border);
        }
        const int64_t oldest = std::min<int64_t>(1, lasting_);  // of the long window: it makes room
        const int64_t short_begin = sink_ + lasting_;
        Plan plan;
        plan.len_before = border.cached;
        plan.len_after = window();
        plan.head = {0, sink_};
        plan.middle = {sink_ + oldest, short_begin};
        plan.tail = {short_begin + leaving - oldest, border.cached};
        plan.write_slot = window() - border.frames;
        plan.head_frame = border.first_frame - plan.write_slot;
        plan.middle_frame = *plan.head_frame + sink_;
        plan.tail_frame = *plan.middle_frame + plan.middle.count();
        return plan;
    }

  private:
    int64_t sink_, lasting_;  // slots of the sink and of the long window
};

}  // namespace

std::unique_ptr<const CachePolicy> make_streaming_vlm(CacheOptions& options,
                                                      const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t window = window_option(options, defaults);
    const int64_t widest = window - 2 * chunk;  // a chunk and its predecessor are the short window
    check_input(widest >= 0,
                "--cache streaming-vlm: a window of {} frames has no room for two chunks of {}; "
                "use window={} or more",
                window, chunk, 2 * chunk);
    const int64_t sink = options.integer("sink", std::min(chunk, widest), 0, widest);
    const int64_t lasting =
        options.integer("long", std::min<int64_t>(6, widest - sink), 0, widest - sink);
    return std::make_unique<StreamingVlm>(window, sink, lasting);
}

}  // namespace longtake::generator
