#include "diffusion/ops/rope.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>

namespace longtake::diffusion {

void rope_angles(double position, int64_t pairs, double theta, float* cosines, float* sines) {
    for (int64_t i = 0; i < pairs; ++i) {
        const double angle =
            position * std::pow(theta, -static_cast<double>(i) / static_cast<double>(pairs));
        cosines[i] = static_cast<float>(std::cos(angle));
        sines[i] = static_cast<float>(std::sin(angle));
    }
}

RopeTable::RopeTable(int64_t head_dim, int64_t height, int64_t width, double theta)
    : axes_(head_dim), height_(height), width_(width), theta_(theta) {
    check(head_dim > 0 && head_dim % 2 == 0, "rope: odd head_dim {}", head_dim);
    const auto fill = [theta](Angles& angles, int64_t positions, int64_t pairs) {
        angles.resize(static_cast<size_t>(positions * pairs));
        for (int64_t p = 0; p < positions; ++p) {
            rope_angles(static_cast<double>(p), pairs, theta, angles.cosines.data() + p * pairs,
                        angles.sines.data() + p * pairs);
        }
    };
    fill(rows_, height, axes_.height);
    fill(columns_, width, axes_.width);
}

void RopeTable::set_time(std::span<const double> positions) {
    time_.resize(positions.size() * static_cast<size_t>(axes_.time));
    for (size_t f = 0; f < positions.size(); ++f) {
        const size_t at = f * static_cast<size_t>(axes_.time);
        rope_angles(positions[f], axes_.time, theta_, time_.cosines.data() + at,
                    time_.sines.data() + at);
    }
}

void RopeTable::token(int64_t t, bool with_time, float* cosines, float* sines) const {
    const auto put = [&](const Angles& angles, int64_t position, int64_t pairs) {
        cosines = std::copy_n(angles.cosines.data() + position * pairs, pairs, cosines);
        sines = std::copy_n(angles.sines.data() + position * pairs, pairs, sines);
    };
    if (with_time) {
        put(time_, t / tokens_per_frame(), axes_.time);
    } else {
        cosines = std::fill_n(cosines, axes_.time, 1.F);
        sines = std::fill_n(sines, axes_.time, 0.F);
    }
    put(rows_, t % tokens_per_frame() / width_, axes_.height);
    put(columns_, t % width_, axes_.width);
}

void rope_time(const Tensor& keys, std::span<const double> positions, Tensor& out, double theta) {
    check(keys.shape().rank() == 3 && out.shape() == keys.shape() && out.dtype() == keys.dtype(),
          "rope_time: {} {} into {} {}", name_of(keys.dtype()), keys.shape().str(),
          name_of(out.dtype()), out.shape().str());
    check(!positions.empty() && keys.extent(1) % static_cast<int64_t>(positions.size()) == 0,
          "rope_time: {} positions for {} rows", positions.size(), keys.extent(1));
    check(keys.device() == Device::Cpu, "rope_time: this build has no CUDA back end");
    rope_time_cpu(keys, positions, out, theta);
}

}  // namespace longtake::diffusion
