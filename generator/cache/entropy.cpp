#include "core/error.h"
#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

struct Settings {
    int64_t sink, recent;
    bool unify;
    Participation participation;
};

// Between a sink and the newest frames stay the tokens the model expected least, whichever frames
// they are of; what is older counts less (SirLLM's token entropy and decay, arXiv 2405.12528).
class Entropy : public CachePolicy {
  public:
    Entropy(int64_t window, const Settings& s) : CachePolicy(window), s_(s) {}

    Participation participation() const override { return s_.participation; }

    Plan plan(const Border& border) const override {
        return border.cached + border.frames <= window()
                   ? append(border)
                   : select(border, window(), s_.sink, s_.recent, s_.unify);
    }

  private:
    Settings s_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_entropy(CacheOptions& options,
                                                const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t window = window_option(options, defaults);
    const int64_t widest = window - chunk;
    Settings s;
    s.sink = options.integer("sink", std::min(chunk, widest), 0, widest);
    s.recent = options.integer("recent", std::min(chunk, widest - s.sink), 0, widest - s.sink);
    s.unify = options.choice("time", "keep", {"keep", "unify"}) == "unify";
    s.participation.score = Score::Surprise;
    s.participation.decay = static_cast<double>(options.integer("decay", 700, 1, 1000)) / 1000;
    return std::make_unique<Entropy>(window, s);
}

}  // namespace longtake::generator
