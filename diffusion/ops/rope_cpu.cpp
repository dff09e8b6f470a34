#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/rope.h"

#include <algorithm>
#include <array>

namespace longtake::diffusion {
namespace {

constexpr int64_t kMaxPairs = 128;

template <typename T>
void run(const Tensor& keys, std::span<const double> positions, Tensor& out, double theta) {
    const int64_t groups = keys.extent(0), rows = keys.extent(1), d = keys.extent(2);
    const int64_t pairs = RopeAxes(d).time;
    check(pairs <= kMaxPairs, "rope_time: head_dim {} is too large", d);
    const auto count = static_cast<int64_t>(positions.size());
    const int64_t span = rows / count;
    const T* from = keys.data<T>();
    T* to = out.data<T>();
    parallel_for(groups * count, [=](int64_t item) {
        std::array<float, kMaxPairs> cosines, sines;
        rope_angles(positions[static_cast<size_t>(item % count)], pairs, theta, cosines.data(),
                    sines.data());
        for (int64_t r = item * span; r < (item + 1) * span; ++r) {
            const T* x = from + r * d;
            T* y = to + r * d;
            for (int64_t k = 0; k < pairs; ++k) {
                const auto a = static_cast<float>(x[2 * k]), b = static_cast<float>(x[2 * k + 1]);
                const auto i = static_cast<size_t>(k);
                y[2 * k] = a * cosines[i] - b * sines[i];
                y[2 * k + 1] = b * cosines[i] + a * sines[i];
            }
            if (x != y) {
                std::copy(x + 2 * pairs, x + d, y + 2 * pairs);
            }
        }
    });
}

}  // namespace

void rope_time_cpu(const Tensor& keys, std::span<const double> positions, Tensor& out,
                   double theta) {
    switch (keys.dtype()) {
        case DType::F32: return run<float>(keys, positions, out, theta);
        case DType::BF16: return run<bf16>(keys, positions, out, theta);
        default: fail("rope_time: no keys in {}", name_of(keys.dtype()));
    }
}

}  // namespace longtake::diffusion
