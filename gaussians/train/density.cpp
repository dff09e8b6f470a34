#include "gaussians/train/density.h"

#include "core/error.h"
#include "gaussians/train/rows.h"

#include <algorithm>

namespace longtake::gaussians {
namespace {

constexpr float kShrink = -0.4700036F;  // -ln 1.6

}  // namespace

void observe(const GradientTensors& gradient, Tensor& pull, Tensor& seen, GpuStream stream) {
    const int64_t n = gradient.tiles.count();
    check(pull.count() == n && seen.count() == n, "{} Gaussians observed, not {}", n, pull.count());
    const ObserveRows rows{.screen = gradient.screen.data<float>(),
                           .tiles = gradient.tiles.data<int32_t>(),
                           .pull = pull.data<float>(),
                           .seen = seen.data<int32_t>()};
    run_on(pull.device(), rows, n, stream);
}

void DensityControl::observe(const GradientTensors& gradient) {
    const int64_t n = gradient.tiles.count();
    const Device device = gradient.tiles.device();
    if (pull_.empty()) {
        pull_ = Tensor({n}, DType::F32, device);
        seen_ = Tensor({n}, DType::I32, device);
        for (Tensor* sums : {&pull_, &seen_}) {
            clear_bytes(sums->raw(), device, sums->bytes(), stream_);
        }
    }
    gaussians::observe(gradient, pull_, seen_, stream_);
}

// Those that multiply, within the limit of the whole.
std::vector<int32_t> DensityControl::choose(std::span<const float> means) const {
    const auto mean = [&](int32_t i) { return means[static_cast<std::size_t>(i)]; };
    std::vector<int32_t> chosen;
    for (int32_t i = 0; i < std::ssize(means); ++i) {
        if (static_cast<double>(mean(i)) >= options_.gradient) {
            chosen.push_back(i);
        }
    }
    const auto room =
        static_cast<std::size_t>(std::max(int64_t{0}, options_.max_gaussians - std::ssize(means)));
    if (chosen.size() > room) {
        std::ranges::stable_sort(chosen, [&](int32_t a, int32_t b) { return mean(a) > mean(b); });
        chosen.resize(room);
    }
    return chosen;
}

Regrowth DensityControl::run(const Cloud& cloud, double extent, std::span<const uint8_t> may) {
    const auto n = static_cast<std::size_t>(cloud.count());
    synchronize(cloud.means.device(), stream_);
    const Tensor here = cloud.opacities.to(Device::Cpu), shapes = cloud.log_scales.to(Device::Cpu);
    const auto opacities = here.values<float>(), scales = shapes.values<float>();
    std::vector<float> means(n);
    if (!pull_.empty()) {
        const Tensor pull = pull_.to(Device::Cpu), seen = seen_.to(Device::Cpu);
        for (std::size_t i = 0; i < n; ++i) {
            const auto views = static_cast<float>(std::max(1, seen.values<int32_t>()[i]));
            means[i] = pull.values<float>()[i] / views;
        }
    }
    pull_ = seen_ = {};
    const auto faintest =
        static_cast<float>(std::log(options_.min_opacity / (1 - options_.min_opacity)));
    const auto widest = static_cast<float>(std::log(options_.split_share * extent));
    const auto too_wide = static_cast<float>(std::log(options_.widest * extent));
    const auto width = [&](std::size_t i) {
        return *std::ranges::max_element(scales.subspan(3 * i, 3));
    };
    for (std::size_t i = 0; i < n; ++i) {
        if (width(i) > too_wide || (!may.empty() && may[i] == 0)) {
            means[i] = -1;
        }
    }
    const std::vector<int32_t> chosen = choose(means);
    std::vector<uint8_t> split(n);
    for (const int32_t i : chosen) {
        const auto at = static_cast<std::size_t>(i);
        split[at] = width(at) > widest;
    }
    Regrowth rows;
    for (std::size_t i = 0; i < n; ++i) {
        if (opacities[i] >= faintest && split[i] == 0) {
            rows.keep(static_cast<int32_t>(i), opacities[i]);
        }
    }
    const auto multiply = [&](bool splits, auto add) {
        for (const int32_t i : chosen) {
            const auto at = static_cast<std::size_t>(i);
            if (opacities[at] >= faintest && (split[at] != 0) == splits) {
                add(i, opacities[at]);
            }
        }
    };
    multiply(false, [&](int32_t i, float opacity) { rows.add_new(i, opacity, 0, 0); });
    multiply(true, [&](int32_t i, float opacity) {
        rows.add_new(i, opacity, kShrink, 1);
        rows.add_new(i, opacity, kShrink, 1);
    });
    return rows;
}

}  // namespace longtake::gaussians
