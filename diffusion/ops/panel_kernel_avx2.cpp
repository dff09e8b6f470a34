// Compiled for AVX2 and FMA: nothing here may run before the machine has been asked.
#include "diffusion/ops/gelu.h"
#include "diffusion/ops/panel_kernel.h"
#include "diffusion/ops/simd_avx2.h"

namespace longtake::diffusion {
namespace {

using Vector = Avx2::Vector;
constexpr int kVectors = kPanelColumns / Avx2::kLanes;
constexpr int kRows =
    6;  // kRows * kVectors sums, a row of the panel and a value of x: 15 registers

__m256i first_lanes(int64_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
}

// The first n lanes; n may be above their number, or below 0.
Vector load(const float* p, int64_t n) {
    return n >= Avx2::kLanes ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, first_lanes(n));
}

void store(float* p, int64_t n, Vector v) {
    n >= Avx2::kLanes ? _mm256_storeu_ps(p, v) : _mm256_maskstore_ps(p, first_lanes(n), v);
}

template <int kCount> void multiply(const PanelTile& t, int64_t row) {
    Vector sum[kCount][kVectors];
#pragma GCC unroll 6
    for (int r = 0; r < kCount; ++r) {
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
            sum[r][v] = Avx2::broadcast(0.F);
        }
    }
    const float* weights = t.panel;
    for (int64_t i = 0; i < t.runs; ++i) {
        const float* x = t.x + row * t.x_stride + i * t.run_stride;
        for (int64_t k = 0; k < t.run; ++k, weights += kPanelColumns) {
            const Vector w[kVectors] = {Avx2::load(weights), Avx2::load(weights + Avx2::kLanes)};
#pragma GCC unroll 6
            for (int r = 0; r < kCount; ++r) {
                const Vector value = Avx2::broadcast(x[r * t.x_stride + k]);
#pragma GCC unroll 2
                for (int v = 0; v < kVectors; ++v) {
                    sum[r][v] = Avx2::fma(value, w[v], sum[r][v]);
                }
            }
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < kCount; ++r) {
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
            const int64_t column = v * Avx2::kLanes, left = t.columns - column;
            const int64_t at = (row + r) * t.y_stride + column;
            Vector result = Avx2::add(sum[r][v], Avx2::load(t.bias + column));
            if (t.gelu) {
                result = gelu<Avx2>(result);
            }
            if (t.gate != nullptr) {
                result = Avx2::mul(result, load(t.gate + column, left));
            }
            if (t.addend != nullptr) {
                result = Avx2::add(result, load(t.addend + at, left));
            }
            if (t.relu) {
                result = Avx2::max(result, Avx2::broadcast(0.F));
            }
            store(t.y + at, left, result);
        }
    }
}

// The rows from `row` on that are too few for a full tile.
template <int kCount> void multiply_rest(const PanelTile& t, int64_t row) {
    if constexpr (kCount > 0) {
        t.rows - row == kCount ? multiply<kCount>(t, row) : multiply_rest<kCount - 1>(t, row);
    }
}

}  // namespace

void panel_kernel_avx2(const PanelTile& t) {
    int64_t row = 0;
    for (; row + kRows <= t.rows; row += kRows) {
        multiply<kRows>(t, row);
    }
    multiply_rest<kRows - 1>(t, row);
}

}  // namespace longtake::diffusion
