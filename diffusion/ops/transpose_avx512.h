#pragma once

#include <immintrin.h>

#include <cstdint>

namespace longtake::diffusion {
namespace {  // every file that includes this is compiled for its own instruction set

// The transpose of 16 rows of 16 units of 32 bits: row r of the columns is at from(r).
template <typename Row> void transpose_units(Row&& from, __m512i (&to)[16]) {
    __m512i a[16], b[16];
    for (int i = 0; i < 16; ++i) {
        a[i] = from(i);
    }
    for (int i = 0; i < 16; i += 2) {  // pairs of rows, interleaved by one unit
        b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {  // by two: column 4 l + c of four rows in lane l of a[i + c]
        a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
        a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
        a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
        a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    for (int c = 0; c < 4; ++c) {  // then lanes of 128 bits, a 4 x 4 transpose of them
        const __m512i low = _mm512_shuffle_i32x4(a[c], a[c + 4], 0x44);
        const __m512i high = _mm512_shuffle_i32x4(a[c], a[c + 4], 0xee);
        const __m512i low2 = _mm512_shuffle_i32x4(a[c + 8], a[c + 12], 0x44);
        const __m512i high2 = _mm512_shuffle_i32x4(a[c + 8], a[c + 12], 0xee);
        to[c] = _mm512_shuffle_i32x4(low, low2, 0x88);
        to[4 + c] = _mm512_shuffle_i32x4(low, low2, 0xdd);
        to[8 + c] = _mm512_shuffle_i32x4(high, high2, 0x88);
        to[12 + c] = _mm512_shuffle_i32x4(high, high2, 0xdd);
    }
}

}  // namespace
}  // namespace longtake::diffusion
