#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/norm_silu.h"

#include <algorithm>
#include <cmath>

namespace longtake::diffusion {
namespace {

template <typename T> void run(const Tensor& x, const Tensor& gain, bool silu, Tensor& y) {
    const int64_t channels = gain.count();
    const float scale = std::sqrt(static_cast<float>(channels));
    parallel_for(x.count() / channels, [&](int64_t pixel) {
        const T* from = x.data<T>() + pixel * channels;
        T* to = y.data<T>() + pixel * channels;
        float squares = 0;
        for (int64_t c = 0; c < channels; ++c) {
            const auto value = static_cast<float>(from[c]);
            squares += value * value;
        }
        const float factor = scale / std::max(std::sqrt(squares), 1e-12F);
        for (int64_t c = 0; c < channels; ++c) {
            const float value = static_cast<float>(from[c]) * factor * gain.data<float>()[c];
            to[c] = T(silu ? value / (1.F + std::exp(-value)) : value);
        }
    });
}

}  // namespace

void norm_silu_cpu(const Tensor& x, const Tensor& gain, bool silu, Tensor& y) {
    switch (x.dtype()) {
        case DType::F32: return run<float>(x, gain, silu, y);
        case DType::BF16: return run<bf16>(x, gain, silu, y);
        default: fail("norm_silu: no elements in {}", name_of(x.dtype()));
    }
}

}  // namespace longtake::diffusion
