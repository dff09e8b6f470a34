#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/rope.h"
#include "diffusion/ops/row_kernels.h"

#include <array>

namespace longtake::diffusion {

void rope_time_cpu(const Tensor& keys, std::span<const double> positions, Tensor& out,
                   double theta) {
    check(keys.dtype() == DType::F32 || keys.dtype() == DType::BF16, "rope_time: no keys in {}",
          name_of(keys.dtype()));
    const int64_t d = keys.extent(2), count = static_cast<int64_t>(positions.size());
    check(d <= kMaxHeadDim, "rope_time: head_dim {} is too large", d);
    const int64_t span = keys.extent(1) / count;
    const auto span_bytes = static_cast<size_t>(span * d) * size_of(keys.dtype());
    const auto turn = row_kernels(d).turn[keys.dtype()];
    const auto* from = static_cast<const std::byte*>(keys.raw());
    auto* to = static_cast<std::byte*>(out.raw());
    parallel_for(keys.extent(0) * count, [=](int64_t item) {
        std::array<float, kMaxHeadDim> cosines, sines;
        time_turn(positions[static_cast<size_t>(item % count)], d, theta, cosines.data(),
                  sines.data());
        const size_t at = static_cast<size_t>(item) * span_bytes;
        turn(from + at, span, {cosines.data(), sines.data()}, d, to + at);
    });
}

}  // namespace longtake::diffusion
