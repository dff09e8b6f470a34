#include "gaussians/train/density.h"

#include "gaussians/scene/small_matrix.h"

#include <algorithm>
#include <cmath>

namespace longtake::gaussians {
namespace {

constexpr float kShrink = 0.4700036F;  // ln 1.6

float widest(const Attributes<float>& g, std::size_t i) {
    const float* s = g.log_scales.data() + 3 * i;
    return std::exp(std::max({s[0], s[1], s[2]}));
}

// Moves Gaussian i to a place drawn from itself and makes it smaller.
void scatter(Attributes<float>& g, std::size_t i, std::mt19937_64& engine) {
    std::normal_distribution<double> normal;
    Vec3 offset;
    for (std::size_t k = 0; k < 3; ++k) {
        offset[k] = normal(engine) * std::exp(static_cast<double>(g.log_scales[3 * i + k]));
    }
    offset = rotation_of(unit_quaternion(g.rotations.data() + 4 * i)) * offset;
    for (std::size_t k = 0; k < 3; ++k) {
        g.means[3 * i + k] += static_cast<float>(offset[k]);
        g.log_scales[3 * i + k] -= kShrink;
    }
}

}  // namespace

void DensityControl::observe(const CloudGradient<float>& gradient, const TileLists& lists) {
    const std::size_t n = gradient.screen.size() / 2;
    pull_.resize(n);
    seen_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        if (lists.slot_begin[i] < lists.slot_begin[i + 1]) {
            pull_[i] += std::hypot(gradient.screen[2 * i], gradient.screen[2 * i + 1]);
            ++seen_[i];
        }
    }
}

// Those that multiply, within the limit of the whole.
std::vector<int32_t> DensityControl::choose(const Attributes<float>& g) const {
    std::vector<int32_t> chosen;
    const auto mean = [&](int32_t i) {
        const auto at = static_cast<std::size_t>(i);
        return seen_[at] == 0 ? 0.F : pull_[at] / static_cast<float>(seen_[at]);
    };
    for (int32_t i = 0; i < static_cast<int32_t>(pull_.size()); ++i) {
        if (static_cast<double>(mean(i)) >= options_.gradient) {
            chosen.push_back(i);
        }
    }
    const auto room =
        static_cast<std::size_t>(std::max(int64_t{0}, options_.max_gaussians - g.count));
    if (chosen.size() > room) {
        std::ranges::stable_sort(chosen, [&](int32_t a, int32_t b) { return mean(a) > mean(b); });
        chosen.resize(room);
    }
    return chosen;
}

void DensityControl::run(Attributes<float>& g, Adam& adam, double extent, std::mt19937_64& engine) {
    const auto n = static_cast<std::size_t>(g.count);
    pull_.resize(n);
    seen_.resize(n);
    std::vector<uint8_t> gone(n), split(n);
    const float faintest =
        static_cast<float>(std::log(options_.min_opacity / (1 - options_.min_opacity)));
    for (std::size_t i = 0; i < n; ++i) {
        gone[i] = g.opacities[i] < faintest;
    }
    std::vector<int32_t> children;
    for (const int32_t i : choose(g)) {
        const auto at = static_cast<std::size_t>(i);
        if (gone[at] == 0) {
            split[at] = widest(g, at) > options_.split_share * extent;
            children.insert(children.end(), split[at] != 0 ? 2 : 1, i);
        }
    }
    std::vector<int32_t> sources;
    for (std::size_t i = 0; i < n; ++i) {
        if (gone[i] == 0 && split[i] == 0) {
            sources.push_back(static_cast<int32_t>(i));
        }
    }
    const std::size_t kept = sources.size();
    sources.insert(sources.end(), children.begin(), children.end());
    std::vector<uint8_t> fresh(sources.size());
    std::fill(fresh.begin() + static_cast<std::ptrdiff_t>(kept), fresh.end(), uint8_t{1});
    g = gathered(g, sources);
    adam.gather(sources, fresh);
    for (std::size_t k = kept; k < sources.size(); ++k) {
        if (split[static_cast<std::size_t>(sources[k])] != 0) {
            scatter(g, k, engine);
        }
    }
    pull_.assign(sources.size(), 0);
    seen_.assign(sources.size(), 0);
}

}  // namespace longtake::gaussians
