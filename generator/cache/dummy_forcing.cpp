#include "generator/cache/head_masses.h"
#include "generator/cache/policy.h"

#include <algorithm>
#include <numeric>

namespace longtake::generator {
namespace {

// Caches by head (Dummy Forcing): some heads see the first frame and the chunk, some the frames
// before the chunk, and those that look at neither much, the dummies, the last frame alone. The
// cache is [frames before | chunk | first], so that what a head sees lies in a row.
class DummyForcing : public CachePolicy {
  public:
    struct Labels {
        diffusion::HeadList first, middle, dummy;
    };

    DummyForcing(int64_t chunk, std::vector<Labels> labels)
        : CachePolicy(2 * chunk + 1), chunk_(chunk), labels_(std::move(labels)) {}

    bool retimes() const override { return false; }
    bool by_head() const override { return true; }

    Plan plan(const Border& border) const override {
        Plan plan{.len_before = border.cached,
                  .len_after = end() + (border.cached > 0 ? 1 : 0),
                  .write_slot = end() - border.frames};
        if (border.cached > 0) {
            plan.foot = 1;
            plan.tail = {chunk_, end()};
        }
        if (border.cached == end()) {
            plan.first_slot = end() - border.first_frame;
        }
        return plan;
    }

    void groups(int layer, const Border& border,
                std::vector<diffusion::HeadGroup>& out) const override {
        if (border.cached == 0) {
            out.push_back({{}, end() - border.frames, end()});
            return;
        }
        const Labels& labels = labels_[static_cast<size_t>(layer)];
        const auto add = [&](const diffusion::HeadList& heads, int64_t begin, int64_t until) {
            if (heads.count > 0) {
                out.push_back({heads, begin, until});
            }
        };
        add(labels.first, chunk_, window());
        add(labels.middle, chunk_ - std::min(border.first_frame, chunk_), end());
        add(labels.dummy, chunk_ - 1, end());
    }

  private:
    int64_t end() const { return 2 * chunk_; }

    int64_t chunk_;
    std::vector<Labels> labels_;  // by layer
};

// Shares of their range, 0 to 1.
std::vector<float> normalized(std::vector<float> values) {
    const auto [least, most] = std::ranges::minmax(values);
    for (float& v : values) {
        v = most > least ? (v - least) / (most - least) : 0;
    }
    return values;
}

}  // namespace

std::unique_ptr<const CachePolicy> make_dummy_forcing(CacheOptions& options,
                                                      const CacheDefaults& defaults) {
    const HeadMasses masses = head_masses_option(options, defaults);
    const int64_t share = options.integer("dummies", 500, 0, 1000);  // thousandths of all heads
    const auto first = normalized(masses.first), middle = normalized(masses.middle);
    std::vector<size_t> order(first.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {}, [&](size_t i) { return std::max(first[i], middle[i]); });
    std::vector<DummyForcing::Labels> labels(static_cast<size_t>(masses.layers));
    const size_t dummies = order.size() * static_cast<size_t>(share) / 1000;
    for (size_t rank = 0; rank < order.size(); ++rank) {
        const size_t i = order[rank];
        DummyForcing::Labels& layer = labels[i / static_cast<size_t>(masses.heads)];
        (rank < dummies         ? layer.dummy
         : first[i] > middle[i] ? layer.first
                                : layer.middle)
            .add(static_cast<int>(i % static_cast<size_t>(masses.heads)));
    }
    return std::make_unique<DummyForcing>(defaults.chunk_frames, std::move(labels));
}

}  // namespace longtake::generator
