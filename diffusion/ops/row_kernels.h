#pragma once

#include "core/dtype.h"

#include <cstdint>
#include <span>

namespace longtake::diffusion {

// How the pairs (2k, 2k + 1) of a head turn, as [head_dim] each: the cosine of pair k twice, and
// its sine with the signs - and +. Null: they stay.
struct HeadTurn {
    const float* cosines = nullptr;
    const float* sines = nullptr;
};

// One function for each element type of the rows.
template <typename F> struct ByRowType {
    F fp32, bf16;
    const F& operator[](DType t) const { return t == DType::BF16 ? bf16 : fp32; }
};

// What stands between the products, on one row. Only plain pointers, because kernels are compiled
// for instruction sets the machine may lack.
struct RowKernels {
    // out = (x - mean) / sqrt(variance + eps) * gain + bias, over d elements
    using LayerNorm = void (*)(const float* x, const float* gain, const float* bias, int64_t d,
                               float eps, void* out);
    // out = x / sqrt(mean(x^2) + eps) * weight over d elements, then the turn of every head
    using RmsNorm = void (*)(const void* x, const float* weight, int64_t d, float eps,
                             HeadTurn turn, int64_t head_dim, void* out);
    // Turns `heads` heads that lie one behind the other.
    using Turn = void (*)(const void* x, int64_t heads, HeadTurn turn, int64_t head_dim, void* out);
    // x = GELU_tanh(x)
    using Gelu = void (*)(void* x, int64_t n);

    const char* name;
    int64_t lanes;                    // widths, and head_dim where heads turn, are multiples of it
    ByRowType<LayerNorm> layer_norm;  // by out
    ByRowType<ByRowType<RmsNorm>> rms_norm;  // by x, then out
    ByRowType<Turn> turn;
    ByRowType<Gelu> gelu;
};

// The fastest that this machine can run on rows of a multiple of `width`.
const RowKernels& row_kernels(int64_t width);
// All that it can run, fastest first; the last are plain loops, for any machine and width.
std::span<const RowKernels* const> all_row_kernels();

}  // namespace longtake::diffusion
