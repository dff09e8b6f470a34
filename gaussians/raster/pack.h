#pragma once

#include <cstdint>

// kLanes numbers that are calculated with together. The compiler makes them whatever registers the
// translation unit is compiled for; everything here is inlined, for no two of those units may share
// a function.
namespace longtake::gaussians {
namespace {

constexpr int kLanes = 8;

template <typename Scalar> struct PackOf;
template <> struct PackOf<float> {
    typedef float Type __attribute__((vector_size(4 * kLanes)));
    typedef int32_t Mask __attribute__((vector_size(4 * kLanes)));
    typedef uint32_t Bits __attribute__((vector_size(4 * kLanes)));
};
template <> struct PackOf<double> {
    typedef double Type __attribute__((vector_size(8 * kLanes)));
    typedef int64_t Mask __attribute__((vector_size(8 * kLanes)));
};
template <typename Scalar> using Pack = typename PackOf<Scalar>::Type;
template <typename Scalar> using PackMask = typename PackOf<Scalar>::Mask;

#define LONGTAKE_INLINE inline __attribute__((always_inline))

template <typename Scalar> LONGTAKE_INLINE Scalar sum_of(const Pack<Scalar>& v) {
    const Pack<Scalar> halves = v + __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
    const Pack<Scalar> pairs =
        halves + __builtin_shufflevector(halves, halves, 2, 3, 0, 1, 6, 7, 4, 5);
    return pairs[0] + pairs[1];
}

// 2^v in place: 2^round(v) times a polynomial of the rest (minimax, within 2e-7 of itself). v is
// above -100; what becomes of smaller ones is not said.
LONGTAKE_INLINE void exp2_in_place(Pack<float>& v) {
    const Pack<float> shifted = v + 12582912.F;  // 1.5 * 2^23: the sum's last bit counts 1
    const Pack<float> f = v - (shifted - 12582912.F), ff = f * f;
    const Pack<float> high = f * 1.327647203e-3F + 9.675541480e-3F;
    const Pack<float> middle = f * 5.550713275e-2F + 2.402211972e-1F;
    const Pack<float> low = f * 6.931469671e-1F + 1.F;
    const Pack<float> p = (high * ff + middle) * ff + low;
    using Bits = PackOf<float>::Bits;
    v = (Pack<float>)((Bits)p + ((Bits)shifted << 23));
}

LONGTAKE_INLINE void exp2_in_place(Pack<double>& v) {
    for (int i = 0; i < kLanes; ++i) {
        v[i] = __builtin_exp2(v[i]);
    }
}

}  // namespace
}  // namespace longtake::gaussians
