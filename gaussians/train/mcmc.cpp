#include "gaussians/train/mcmc.h"

#include "gaussians/train/mcmc_rows.h"
#include "gaussians/train/rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr int kMostShares = 51;  // beyond which the alternating sum loses its digits

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

void Mcmc::add_costs(const Cloud& cloud, Cloud& gradient) const {
    const auto n = static_cast<double>(cloud.count());
    const CostRows rows{.opacities = cloud.opacities.data<float>(),
                        .log_scales = cloud.log_scales.data<float>(),
                        .by_opacities = gradient.opacities.data<float>(),
                        .by_log_scales = gradient.log_scales.data<float>(),
                        .opacity_cost = options_.opacity_cost / n,
                        .scale_cost = options_.scale_cost / (3 * n)};
    run_on(cloud.means.device(), rows, cloud.count(), stream_);
}

void Mcmc::perturb(Cloud& cloud, double rate, uint64_t seed) const {
    const NoiseRows rows{.means = cloud.means.data<float>(),
                         .log_scales = cloud.log_scales.data<float>(),
                         .rotations = cloud.rotations.data<float>(),
                         .opacities = cloud.opacities.data<float>(),
                         .size = rate * options_.noise,
                         .min_opacity = options_.min_opacity,
                         .seed = seed};
    run_on(cloud.means.device(), rows, cloud.count(), stream_);
}

Regrowth Mcmc::run(const Cloud& cloud, std::mt19937_64& engine) const {
    const auto n = static_cast<std::size_t>(cloud.count());
    synchronize(cloud.means.device(), stream_);
    const Tensor here = cloud.opacities.to(Device::Cpu);
    const auto logits = here.values<float>();
    std::vector<double> opacities(n), upto(n);
    std::vector<std::size_t> places;  // rows that take a share of a living one
    std::vector<int32_t> sources(n);
    for (std::size_t i = 0; i < n; ++i) {
        sources[i] = static_cast<int32_t>(i);
        opacities[i] = sigmoid(logits[i]);
        const bool dead = opacities[i] <= options_.min_opacity;
        if (dead) {
            places.push_back(i);
        }
        upto[i] = (i == 0 ? 0 : upto[i - 1]) + (dead ? 0 : opacities[i]);
    }
    std::vector<int> shares(n, 1);
    if (n > 0 && upto.back() > 0) {
        const auto wanted = std::min(
            options_.max_gaussians, static_cast<int64_t>(options_.growth * static_cast<double>(n)));
        for (auto i = static_cast<int64_t>(n); i < wanted; ++i) {
            places.push_back(sources.size());
            sources.push_back(0);
        }
        for (const std::size_t place : places) {
            const double at = static_cast<double>(engine() >> 11) * 0x1p-53 * upto.back();
            const auto source = std::ranges::upper_bound(upto, at) - upto.begin();
            sources[place] = static_cast<int32_t>(source);
            ++shares[static_cast<std::size_t>(source)];
        }
    }
    Regrowth rows;
    for (const int32_t source : sources) {
        const auto at = static_cast<std::size_t>(source);
        if (shares[at] == 1) {
            rows.keep(source, logits[at]);
            continue;
        }
        const Share share = share_of(opacities[at], shares[at]);
        const double o = std::clamp(share.opacity, options_.min_opacity, 1 - 1e-7);
        rows.add_new(source, static_cast<float>(std::log(o / (1 - o))),
                     static_cast<float>(std::log(share.scale)), 0);
    }
    return rows;
}

}  // namespace longtake::gaussians
