#pragma once

#include <cstdint>

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
    static Vector min(Vector a, Vector b) { return _mm512_min_ps(a, b); }
    static Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
    static Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }

    // Elements of any alignment; bf16 as they are stored.
    static Vector get(const float* p) { return _mm512_loadu_ps(p); }
    static Vector get(const uint16_t* p) {
        const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
    }
    static void put(float* p, Vector v) { _mm512_storeu_ps(p, v); }
    // Rounded to nearest even; NaN stays NaN.
    static void put(uint16_t* p, Vector v) {
        const __m512i bits = _mm512_castps_si512(v), upper = _mm512_srli_epi32(bits, 16);
        const __m512i half = _mm512_add_epi32(_mm512_and_si512(upper, _mm512_set1_epi32(1)),
                                              _mm512_set1_epi32(0x7fff));
        const __m512i even = _mm512_srli_epi32(_mm512_add_epi32(bits, half), 16);
        const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
        const __m512i rounded = _mm512_mask_or_epi32(even, nan, upper, _mm512_set1_epi32(0x40));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(rounded));
    }
    static float total(Vector v) { return _mm512_reduce_add_ps(v); }
    static Vector swap_pairs(Vector v) { return _mm512_permute_ps(v, 0xb1); }
    // 1 / v to 2^-27, for v from 2^-126 to 2^126.
    static Vector reciprocal(Vector v) {
        const Vector r = _mm512_rcp14_ps(v);
        return mul(r, _mm512_fnmadd_ps(v, r, broadcast(2.F)));
    }

    // 2^x for x < 127, to 1e-7; not less than 2^-125, so that no denormal slows what follows.
    static Vector exp2(Vector x) {
        x = max(x, broadcast(-125.F));
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
