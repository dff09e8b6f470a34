#pragma once

#include <cstdint>

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

    // Elements of any alignment; bf16 as they are stored.
    static Vector get(const float* p) { return _mm256_loadu_ps(p); }
    static Vector get(const uint16_t* p) {
        const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
    }
    static void put(float* p, Vector v) { _mm256_storeu_ps(p, v); }
    // Rounded to nearest even; NaN stays NaN.
    static void put(uint16_t* p, Vector v) {
        const __m256i bits = _mm256_castps_si256(v), upper = _mm256_srli_epi32(bits, 16);
        const __m256i half = _mm256_add_epi32(_mm256_and_si256(upper, _mm256_set1_epi32(1)),
                                              _mm256_set1_epi32(0x7fff));
        const __m256i even = _mm256_srli_epi32(_mm256_add_epi32(bits, half), 16);
        const __m256i quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
        const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
        const __m256i rounded = _mm256_blendv_epi8(even, quiet, nan);
        const __m128i packed =
            _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(p), packed);
    }
    static float total(Vector v) {
        __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
        s = _mm_add_ps(s, _mm_movehl_ps(s, s));
        return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
    }
    static Vector swap_pairs(Vector v) { return _mm256_permute_ps(v, 0xb1); }
    static Vector reciprocal(Vector v) { return div(broadcast(1.F), v); }

    // 2^x for x < 127, to 1e-7; not less than 2^-125, as in simd_avx512.h.
    static Vector exp2(Vector x) {
        x = max(x, broadcast(-125.F));
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
