#include "core/error.h"
#include "generator/cache/head_masses.h"
#include "generator/cache/policy.h"

namespace longtake::generator {
namespace {

// Caches by head (Forcing-KV, arXiv 2605.09681). Heads that look nearby see the first frame, the
// last one and the chunk; the others also see one frame's worth of those patches of the chunk
// before that changed most. The cache is [patches | last | chunk | first], so that what a head sees
// lies in a row; layer 0 is not split.
class ForcingKv : public CachePolicy {
  public:
    struct Labels {
        diffusion::HeadList near, far;
    };

    ForcingKv(int64_t chunk, int64_t patches, std::vector<Labels> labels)
        : CachePolicy(kBefore + chunk + 1), chunk_(chunk), labels_(std::move(labels)) {
        participation_.score = Score::Change;
        participation_.patches = patches;
        participation_.voters = labels_[labels_.size() > 1 ? 1 : 0].far;
    }

    Participation participation() const override { return participation_; }
    bool retimes() const override { return false; }
    bool by_head() const override { return true; }

    Plan plan(const Border& border) const override {
        Plan plan{.len_before = border.cached,
                  .len_after = end() + (border.cached > 0 ? 1 : 0),
                  .write_slot = end() - border.frames};
        if (border.cached == 0) {
            return plan;
        }
        plan.foot = 1;
        const int64_t before = std::min(border.first_frame, chunk_);  // frames of the chunk before
        if (border.cached == end()) {
            plan.first_slot = end() - before;
        }
        if (before == 1) {  // a picture: it has no successor, and nothing is left to choose
            plan.tail = {end() - kBefore, end()};
            return plan;
        }
        plan.fire = true;
        plan.top = 1;
        plan.candidates = {border.first_frame > before ? 1 : kBefore, end() - 1};
        plan.tail = {end() - 1, end()};
        return plan;
    }

    void groups(int layer, const Border& border,
                std::vector<diffusion::HeadGroup>& out) const override {
        if (border.cached == 0) {
            out.push_back({{}, end() - border.frames, end()});
        } else if (layer == 0 || border.first_frame == 1) {
            out.push_back({{}, 1, window()});
        } else {
            const Labels& labels = labels_[static_cast<size_t>(layer)];
            if (labels.near.count > 0) {
                out.push_back({labels.near, 1, window()});
            }
            if (labels.far.count > 0) {
                out.push_back({labels.far, 0, window()});
            }
        }
    }

  private:
    static constexpr int64_t kBefore = 2;  // slots before the chunk
    int64_t end() const { return kBefore + chunk_; }

    int64_t chunk_;
    std::vector<Labels> labels_;  // by layer
    Participation participation_;
};

}  // namespace

std::unique_ptr<const CachePolicy> make_forcing_kv(CacheOptions& options,
                                                   const CacheDefaults& defaults) {
    const HeadMasses masses = head_masses_option(options, defaults);
    const auto near = static_cast<float>(options.integer("near", 800, 0, 1001)) / 1000;
    const int64_t patches = options.integer("patches", 6, 1, 1000);
    check_input(defaults.tokens_per_frame % patches == 0,
                "--cache forcing-kv: a frame of {} tokens cannot be cut into {} equal patches",
                defaults.tokens_per_frame, patches);
    std::vector<ForcingKv::Labels> labels(static_cast<size_t>(masses.layers));
    for (int64_t i = 0; i < masses.layers * masses.heads; ++i) {
        ForcingKv::Labels& layer = labels[static_cast<size_t>(i / masses.heads)];
        (masses.recent[static_cast<size_t>(i)] >= near ? layer.near : layer.far)
            .add(static_cast<int>(i % masses.heads));
    }
    return std::make_unique<ForcingKv>(defaults.chunk_frames, patches, std::move(labels));
}

}  // namespace longtake::generator
