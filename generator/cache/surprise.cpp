#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// Between a sink and the newest frames stay the frames the model expected least, with nothing
// between them in time (Cambrian-S, arXiv 2511.04670: prediction error decides what is kept).
class Surprising : public CachePolicy {
  public:
    Surprising(int64_t window, int64_t sink, int64_t recent, const Participation& participation)
        : CachePolicy(window), sink_(sink), recent_(recent), participation_(participation) {}

    Participation participation() const override { return participation_; }

    Plan plan(const Border& border) const override {
        return border.cached + border.frames <= window()
                   ? append(border)
                   : select(border, window(), sink_, recent_, true);
    }

  private:
    int64_t sink_, recent_;  // frames
    Participation participation_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_surprise(CacheOptions& options,
                                                 const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t window = window_option(options, defaults);
    const int64_t widest = window - chunk;
    const int64_t sink = options.integer("sink", std::min(chunk, widest), 0, widest);
    const int64_t recent =
        options.integer("recent", std::min(chunk, widest - sink), 0, widest - sink);
    const auto decay = static_cast<double>(options.integer("decay", 1000, 1, 1000)) / 1000;
    return std::make_unique<Surprising>(
        window, sink, recent,
        Participation{.score = Score::Surprise, .whole_frames = true, .decay = decay});
}

}  // namespace longtake::generator
