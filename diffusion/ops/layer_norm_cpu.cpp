#include "core/clones.h"
#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/layer_norm.h"

#include <cmath>

namespace longtake::diffusion {
namespace {

template <typename T>
LONGTAKE_CLONES void layer_norm_row(const float* x, const float* gain, const float* bias, int64_t d,
                                    float eps, T* out) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < d; ++i) {
        sum += x[i];
    }
    const float mean = sum / static_cast<float>(d);
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < d; ++i) {
        squares += (x[i] - mean) * (x[i] - mean);
    }
    const float scale = 1.F / std::sqrt(squares / static_cast<float>(d) + eps);
#pragma omp simd
    for (int64_t i = 0; i < d; ++i) {
        out[i] = (x[i] - mean) * scale * gain[i] + bias[i];
    }
}

template <typename T>
void run(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps, Tensor& out) {
    const int64_t d = x.extent(1);
    const float* from = x.data<float>();
    const float* g = gain.data<float>();
    const float* b = bias.data<float>();
    T* to = out.data<T>();
    parallel_for(x.extent(0), [=](int64_t r) {
        layer_norm_row(from + r * d, g, b, d, static_cast<float>(eps), to + r * d);
    });
}

}  // namespace

void layer_norm_cpu(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps,
                    Tensor& out) {
    switch (out.dtype()) {
        case DType::F32: return run<float>(x, gain, bias, eps, out);
        case DType::BF16: return run<bf16>(x, gain, bias, eps, out);
        default: fail("layer_norm: no output in {}", name_of(out.dtype()));
    }
}

}  // namespace longtake::diffusion
