#include "core/clones.h"
#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/rms_norm.h"

#include <array>
#include <cmath>

namespace longtake::diffusion {
namespace {

constexpr int64_t kMaxPairs = 128;

template <typename In> LONGTAKE_CLONES float inverse_rms(const In* x, int64_t d, float eps) {
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < d; ++i) {
        const auto v = static_cast<float>(x[i]);
        squares += v * v;
    }
    return 1.F / std::sqrt(squares / static_cast<float>(d) + eps);
}

template <typename In, typename Out>
LONGTAKE_CLONES void scale_row(const In* x, const float* weight, float scale, int64_t d, Out* out) {
#pragma omp simd
    for (int64_t i = 0; i < d; ++i) {
        out[i] = static_cast<float>(x[i]) * scale * weight[i];
    }
}

template <typename In, typename Out>
LONGTAKE_CLONES void rotate_head(const In* x, const float* weight, float scale,
                                 const float* cosines, const float* sines, int64_t pairs,
                                 Out* out) {
#pragma omp simd
    for (int64_t k = 0; k < pairs; ++k) {
        const float a = static_cast<float>(x[2 * k]) * scale * weight[2 * k];
        const float b = static_cast<float>(x[2 * k + 1]) * scale * weight[2 * k + 1];
        out[2 * k] = a * cosines[k] - b * sines[k];
        out[2 * k + 1] = b * cosines[k] + a * sines[k];
    }
}

template <typename In, typename Out>
void run(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
         Rotation rotation, const RopeTable* table) {
    const int64_t heads = out.extent(1), head_dim = out.extent(2), d = heads * head_dim;
    const int64_t stride = x.extent(1);
    check(head_dim / 2 <= kMaxPairs, "rms_norm: head_dim {} is too large", head_dim);
    const In* from = x.data<In>() + column;
    const float* w = weight.data<float>();
    Out* to = out.data<Out>();
    parallel_for(x.extent(0), [=](int64_t r) {
        const In* row = from + r * stride;
        Out* result = to + r * d;
        const float scale = inverse_rms(row, d, static_cast<float>(eps));
        if (rotation == Rotation::None) {
            return scale_row(row, w, scale, d, result);
        }
        std::array<float, kMaxPairs> cosines, sines;
        table->token(r, rotation == Rotation::SpaceAndTime, cosines.data(), sines.data());
        for (int64_t at = 0; at < d; at += head_dim) {
            rotate_head(row + at, w + at, scale, cosines.data(), sines.data(), head_dim / 2,
                        result + at);
        }
    });
}

template <typename In>
void run_from(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
              Rotation rotation, const RopeTable* table) {
    switch (out.dtype()) {
        case DType::F32: return run<In, float>(x, column, weight, eps, out, rotation, table);
        case DType::BF16: return run<In, bf16>(x, column, weight, eps, out, rotation, table);
        default: fail("rms_norm: no output in {}", name_of(out.dtype()));
    }
}

}  // namespace

void rms_norm_cpu(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
                  Rotation rotation, const RopeTable* table) {
    switch (x.dtype()) {
        case DType::F32: return run_from<float>(x, column, weight, eps, out, rotation, table);
        case DType::BF16: return run_from<bf16>(x, column, weight, eps, out, rotation, table);
        default: fail("rms_norm: no input in {}", name_of(x.dtype()));
    }
}

}  // namespace longtake::diffusion
