#include "gaussians/train/mcmc.h"

#include "core/parallel.h"
#include "gaussians/scene/small_matrix.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace longtake::gaussians {
namespace {

constexpr int kMostShares = 51;  // beyond which the alternating sum loses its digits
constexpr double kSteepness = 100;

double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

// A well-mixed function of the counter (Steele et al. 2014, "SplitMix").
uint64_t mixed(uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

// Three normal deviates (Box and Muller 1958).
Vec3 normals(uint64_t seed) {
    const auto uniform = [&](uint64_t k) {
        return (static_cast<double>(mixed(seed + k) >> 11) + 0.5) * 0x1p-53;
    };
    const double near = std::sqrt(-2 * std::log(uniform(0))), turn = 2 * std::numbers::pi;
    return {near * std::cos(turn * uniform(1)), near * std::sin(turn * uniform(1)),
            std::sqrt(-2 * std::log(uniform(2))) * std::cos(turn * uniform(3))};
}

}  // namespace

Share share_of(double opacity, int n) {
    n = std::min(n, kMostShares);
    const double each = 1 - std::pow(1 - opacity, 1.0 / n);
    double sum = 0;
    for (int i = 1; i <= n; ++i) {
        double term = each;  // binomial(i - 1, k) (-1)^k each^(k + 1)
        for (int k = 0; k < i; ++k) {
            sum += term / std::sqrt(k + 1.0);
            term *= -each * (i - 1 - k) / (k + 1);
        }
    }
    return {each, opacity / sum};
}

void Mcmc::add_costs(const Attributes<float>& g, Attributes<float>& gradient) const {
    const auto n = static_cast<double>(g.count);
    parallel_for(g.count, [&](int64_t i) {
        const auto at = static_cast<std::size_t>(i);
        const double o = sigmoid(g.opacities[at]);
        gradient.opacities[at] += static_cast<float>(options_.opacity_cost * o * (1 - o) / n);
        for (std::size_t k = 3 * at; k < 3 * at + 3; ++k) {
            const double scale = std::exp(static_cast<double>(g.log_scales[k]));
            gradient.log_scales[k] += static_cast<float>(options_.scale_cost * scale / (3 * n));
        }
    });
}

void Mcmc::perturb(Attributes<float>& g, double rate, uint64_t seed) const {
    parallel_for(g.count, [&](int64_t i) {
        const auto at = static_cast<std::size_t>(i);
        const double o = sigmoid(g.opacities[at]);
        const double size =
            rate * options_.noise * sigmoid(-kSteepness * (o - options_.min_opacity));
        Vec3 scales;
        for (std::size_t k = 0; k < 3; ++k) {
            scales[k] = std::exp(static_cast<double>(g.log_scales[3 * at + k]));
        }
        const Mat3 half = scaled(rotation_of(unit_quaternion(g.rotations.data() + 4 * at)), scales);
        const Vec3 offset =
            half * (transposed(half) * normals(mixed(seed) ^ (static_cast<uint64_t>(i) << 2)));
        for (std::size_t k = 0; k < 3; ++k) {
            g.means[3 * at + k] += static_cast<float>(size * offset[k]);
        }
    });
}

void Mcmc::run(Attributes<float>& g, Adam& adam, std::mt19937_64& engine) const {
    const auto n = static_cast<std::size_t>(g.count);
    std::vector<double> opacities(n), upto(n);
    std::vector<int32_t> sources(n);
    std::iota(sources.begin(), sources.end(), int32_t{0});
    std::vector<std::size_t> places;  // rows that take a share of a living one
    for (std::size_t i = 0; i < n; ++i) {
        opacities[i] = sigmoid(g.opacities[i]);
        const bool dead = opacities[i] <= options_.min_opacity;
        if (dead) {
            places.push_back(i);
        }
        upto[i] = (i == 0 ? 0 : upto[i - 1]) + (dead ? 0 : opacities[i]);
    }
    if (n == 0 || upto.back() <= 0) {
        return;
    }
    const auto wanted = std::min(options_.max_gaussians,
                                 static_cast<int64_t>(options_.growth * static_cast<double>(n)));
    for (auto i = static_cast<int64_t>(n); i < wanted; ++i) {
        places.push_back(sources.size());
        sources.push_back(0);
    }
    std::vector<int> shares(n, 1);
    for (const std::size_t place : places) {
        const double at = static_cast<double>(engine() >> 11) * 0x1p-53 * upto.back();
        const auto source = std::ranges::upper_bound(upto, at) - upto.begin();
        sources[place] = static_cast<int32_t>(source);
        ++shares[static_cast<std::size_t>(source)];
    }
    g = gathered(g, sources);
    std::vector<uint8_t> fresh(sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const auto source = static_cast<std::size_t>(sources[i]);
        if (shares[source] > 1) {
            const Share share = share_of(opacities[source], shares[source]);
            const double o = std::clamp(share.opacity, options_.min_opacity, 1 - 1e-7);
            fresh[i] = 1;
            g.opacities[i] = static_cast<float>(std::log(o / (1 - o)));
            for (std::size_t k = 3 * i; k < 3 * i + 3; ++k) {
                g.log_scales[k] += static_cast<float>(std::log(share.scale));
            }
        }
    }
    adam.gather(sources, fresh);
}

}  // namespace longtake::gaussians
