#pragma once

#include "diffusion/ops/simd_avx512.h"

namespace longtake::diffusion {
namespace {  // as in simd_avx512.h

// The machine's own rounding to bf16.
struct Avx512Bf16 : Avx512 {
    using Avx512::put;
    static void put(uint16_t* p, Vector v) {
        const auto rounded = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), rounded);
    }
    // 2^x for x < 127, to 8e-5, for what is rounded to bf16; not less than 2^-125, so that no
    // denormal slows what follows.
    static Vector rough_exp2(Vector x) {
        x = max(x, broadcast(-125.F));
        const Vector r = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);  // [0, 1)
        Vector p = broadcast(7.8024521e-2F);
        p = fma(p, r, broadcast(2.2606716e-1F));
        p = fma(p, r, broadcast(6.9583354e-1F));
        p = fma(p, r, broadcast(9.9992522e-1F));
        return _mm512_scalef_ps(p, x);
    }
};

}  // namespace
}  // namespace longtake::diffusion
