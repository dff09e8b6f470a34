#include "diffusion/ops/rope.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace longtake::diffusion {

namespace {

// `rope_angles` as a HeadTurn: [2 pairs] each.
void pair_turn(double position, int64_t pairs, double theta, float* cosines, float* sines) {
    rope_angles(position, pairs, theta, cosines, sines);
    for (int64_t i = pairs - 1; i >= 0; --i) {
        const float c = cosines[i], s = sines[i];
        cosines[2 * i] = cosines[2 * i + 1] = c;
        sines[2 * i] = -s;
        sines[2 * i + 1] = s;
    }
}

// Of the positions 0, 1, 2 ...
Tensor angles_on_device(int64_t positions, int64_t pairs, double theta) {
    std::vector<double> counted(static_cast<size_t>(positions));
    std::iota(counted.begin(), counted.end(), 0.0);
    Tensor table({positions, pairs, 2}, DType::F32, Device::Cuda);
    rope_angles_cuda(counted, theta, table, nullptr);
    return table.clone();  // a copy waits: any stream may read it
}

}  // namespace

void rope_angles(double position, int64_t pairs, double theta, float* cosines, float* sines) {
    for (int64_t i = 0; i < pairs; ++i) {
        const double angle =
            position * std::pow(theta, -static_cast<double>(i) / static_cast<double>(pairs));
        cosines[i] = static_cast<float>(std::cos(angle));
        sines[i] = static_cast<float>(std::sin(angle));
    }
}

void time_turn(double position, int64_t head_dim, double theta, float* cosines, float* sines) {
    const int64_t turned = 2 * RopeAxes(head_dim).time;
    pair_turn(position, turned / 2, theta, cosines, sines);
    std::fill(cosines + turned, cosines + head_dim, 1.F);
    std::fill(sines + turned, sines + head_dim, 0.F);
}

RopeTable::RopeTable(int64_t head_dim, int64_t height, int64_t width, double theta, Device device)
    : axes_(head_dim), height_(height), width_(width), theta_(theta), device_(device) {
    check(head_dim > 0 && head_dim % 2 == 0, "rope: odd head_dim {}", head_dim);
    if (device == Device::Cuda) {
        on_device_.rows = angles_on_device(height, axes_.height, theta);
        on_device_.columns = angles_on_device(width, axes_.width, theta);
        return;
    }
    const auto fill = [theta](Angles& angles, int64_t positions, int64_t pairs) {
        angles.resize(static_cast<size_t>(positions * 2 * pairs));
        for (int64_t p = 0; p < positions; ++p) {
            pair_turn(static_cast<double>(p), pairs, theta, angles.cosines.data() + p * 2 * pairs,
                      angles.sines.data() + p * 2 * pairs);
        }
    };
    fill(rows_, height, axes_.height);
    fill(columns_, width, axes_.width);
}

void RopeTable::set_time(std::span<const double> positions, GpuStream stream) {
    if (device_ == Device::Cuda) {
        const Shape shape{static_cast<int64_t>(positions.size()), axes_.time, 2};
        if (on_device_.time.shape() != shape) {
            on_device_.time = Tensor(shape, DType::F32, Device::Cuda);
        }
        return rope_angles_cuda(positions, theta_, on_device_.time, stream);
    }
    time_.resize(positions.size() * static_cast<size_t>(2 * axes_.time));
    for (size_t f = 0; f < positions.size(); ++f) {
        const size_t at = f * static_cast<size_t>(2 * axes_.time);
        pair_turn(positions[f], axes_.time, theta_, time_.cosines.data() + at,
                  time_.sines.data() + at);
    }
}

void RopeTable::token(int64_t t, bool with_time, float* cosines, float* sines) const {
    const auto put = [&](const Angles& angles, int64_t position, int64_t pairs) {
        cosines = std::copy_n(angles.cosines.data() + position * 2 * pairs, 2 * pairs, cosines);
        sines = std::copy_n(angles.sines.data() + position * 2 * pairs, 2 * pairs, sines);
    };
    if (with_time) {
        put(time_, t / tokens_per_frame(), axes_.time);
    } else {
        cosines = std::fill_n(cosines, 2 * axes_.time, 1.F);
        sines = std::fill_n(sines, 2 * axes_.time, 0.F);
    }
    put(rows_, t % tokens_per_frame() / width_, axes_.height);
    put(columns_, t % width_, axes_.width);
}

void rope_time(const Tensor& keys, std::span<const double> positions, Tensor& out, double theta,
               GpuStream stream) {
    check(keys.shape().rank() == 3 && out.shape() == keys.shape() && out.dtype() == keys.dtype(),
          "rope_time: {} {} into {} {}", name_of(keys.dtype()), keys.shape().str(),
          name_of(out.dtype()), out.shape().str());
    check(!positions.empty() && keys.extent(1) % static_cast<int64_t>(positions.size()) == 0,
          "rope_time: {} positions for {} rows", positions.size(), keys.extent(1));
    check(out.device() == keys.device(), "rope_time: tensors of two devices");
    keys.device() == Device::Cpu ? rope_time_cpu(keys, positions, out, theta)
                                 : rope_time_cuda(keys, positions, out, theta, stream);
}

}  // namespace longtake::diffusion
