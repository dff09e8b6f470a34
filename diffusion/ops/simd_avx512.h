#pragma once

#include <immintrin.h>

namespace longtake::diffusion {
namespace {  // every file that includes this is compiled for its own instruction set

// Vectors of 16 floats.
struct Avx512 {
    using Vector = __m512;
    static constexpr int kLanes = 16;

    static Vector load(const float* p) { return _mm512_load_ps(p); }
    static void store(float* p, Vector v) { _mm512_store_ps(p, v); }
    static Vector broadcast(float f) { return _mm512_set1_ps(f); }
    static Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
    static Vector sub(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
    static Vector mul(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
    static Vector div(Vector a, Vector b) { return _mm512_div_ps(a, b); }
    static Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
    static Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }

    // 2^x for x <= 0, to 1e-7; not less than 2^-126, so that no denormal slows what follows.
    static Vector exp2(Vector x) {
        x = max(x, broadcast(-126.F));
        const Vector r = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);  // [0, 1)
        Vector p = broadcast(1.87757668e-3F);
        p = fma(p, r, broadcast(8.98934009e-3F));
        p = fma(p, r, broadcast(5.58263181e-2F));
        p = fma(p, r, broadcast(2.40153617e-1F));
        p = fma(p, r, broadcast(6.93153073e-1F));
        p = fma(p, r, broadcast(9.99999925e-1F));
        return _mm512_scalef_ps(p, x);
    }
};

}  // namespace
}  // namespace longtake::diffusion
