#pragma once

#include "diffusion/ops/simd_avx512.h"

#include <cstdint>
#include <cstring>

namespace longtake::diffusion {
namespace {  // as in simd_avx512.h

// Two bf16 products at a time, added in fp32.
struct Bf16Pairs : Avx512 {
    using Element = uint16_t;
    static constexpr int kPair = 2, kVectors = 3, kKeys = 8, kDims = 8;

    static float query_unit(const uint16_t* row, int64_t k) {
        float unit;
        std::memcpy(&unit, row + 2 * k, sizeof(unit));
        return unit;
    }
    static uint16_t element(float f) {
        uint32_t bits;
        std::memcpy(&bits, &f, sizeof(bits));
        return static_cast<uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
    }
    static Vector broadcast_unit(const float* p) {
        int bits;
        std::memcpy(&bits, p, sizeof(bits));
        return _mm512_castsi512_ps(_mm512_set1_epi32(bits));
    }
    static Vector multiply_add(Vector a, Vector b, Vector c) {
        return _mm512_dpbf16_ps(c, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
    }
    // Weights, which are not negative, rounded to bf16: `first` in the lower halves.
    static Vector pair(Vector first, Vector second) {
        const __m512i half = _mm512_set1_epi32(0x8000);
        const __m512i low =
            _mm512_srli_epi32(_mm512_add_epi32(_mm512_castps_si512(first), half), 16);
        const __m512i high = _mm512_add_epi32(_mm512_castps_si512(second), half);
        const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000U));
        return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(high, upper, low, 0xea));  // (a&b)|c
    }
    // Rows 2j and 2j + 1 as pairs; a row that is missing is zero.
    static void pair_rows(const void* from, int64_t begin, int64_t end, int64_t head_dim,
                          float* to) {
        const auto* bits = static_cast<const uint16_t*>(from);
        for (int64_t j = begin; j < end; j += 2) {
            for (int64_t i = 0; i < head_dim; i += kLanes) {
                const uint16_t* at = bits + j * head_dim + i;
                const __m512i low = load_row(at);
                const __m512i high = j + 1 < end ? load_row(at + head_dim) : _mm512_setzero_si512();
                const __m512i both = _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
                store(to + j / 2 * head_dim + i, _mm512_castsi512_ps(both));
            }
        }
    }
    static __m512i load_row(const uint16_t* p) {
        return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    }
    // fp32 rounded to bf16.
    static void store_row(__m512i floats, uint16_t* p) {
        const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(floats, 16), _mm512_set1_epi32(1));
        const __m512i half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
        const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(floats, half), 16);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(rounded));
    }
};

}  // namespace
}  // namespace longtake::diffusion
