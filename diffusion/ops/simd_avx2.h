#pragma once

#include <immintrin.h>

namespace longtake::diffusion {
namespace {  // every file that includes this is compiled for its own instruction set

// Vectors of 8 floats.
struct Avx2 {
    using Vector = __m256;
    static constexpr int kLanes = 8;

    static Vector load(const float* p) { return _mm256_load_ps(p); }
    static void store(float* p, Vector v) { _mm256_store_ps(p, v); }
    static Vector broadcast(float f) { return _mm256_set1_ps(f); }
    static Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
    static Vector sub(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
    static Vector mul(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
    static Vector div(Vector a, Vector b) { return _mm256_div_ps(a, b); }
    static Vector min(Vector a, Vector b) { return _mm256_min_ps(a, b); }
    static Vector max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
    static Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }

    // 2^x for x < 127, to 1e-7; not less than 2^-126, as in simd_avx512.h.
    static Vector exp2(Vector x) {
        x = max(x, broadcast(-126.F));
        const Vector n = _mm256_floor_ps(x), r = sub(x, n);
        Vector p = broadcast(1.87757668e-3F);
        p = fma(p, r, broadcast(8.98934009e-3F));
        p = fma(p, r, broadcast(5.58263181e-2F));
        p = fma(p, r, broadcast(2.40153617e-1F));
        p = fma(p, r, broadcast(6.93153073e-1F));
        p = fma(p, r, broadcast(9.99999925e-1F));
        const __m256i power = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
        return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), power));
    }
};

}  // namespace
}  // namespace longtake::diffusion
