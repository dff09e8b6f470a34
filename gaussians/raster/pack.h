#pragma once

#include <cmath>
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
};
template <> struct PackOf<double> {
    typedef double Type __attribute__((vector_size(8 * kLanes)));
    typedef int64_t Mask __attribute__((vector_size(8 * kLanes)));
};
template <typename Scalar> using Pack = typename PackOf<Scalar>::Type;
template <typename Scalar> using PackMask = typename PackOf<Scalar>::Mask;

#define LONGTAKE_INLINE inline __attribute__((always_inline))

template <typename Scalar> LONGTAKE_INLINE Scalar sum_of(const Pack<Scalar>& v) {
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

template <typename Scalar> LONGTAKE_INLINE bool any_of(const PackMask<Scalar>& mask) {
    const PackMask<Scalar>& m = mask;
    return ((m[0] | m[4]) | (m[2] | m[6]) | (m[1] | m[5]) | (m[3] | m[7])) != 0;
}

// exp(v) for v <= 0, in place: 2^round(x) times a polynomial of the rest, within 2e-7 of itself.
LONGTAKE_INLINE void exp_in_place(Pack<float>& v) {
    const Pack<float> x = v * 1.44269504F;
    const Pack<float> bounded = x > -100.F ? x : Pack<float>{} - 100.F;
    const Pack<float> shifted = bounded + 12582912.F;  // 1.5 * 2^23: the sum's last bit counts 1
    const Pack<float> f = bounded - (shifted - 12582912.F);
    Pack<float> p = f * 1.54614447e-4F + 1.34004282e-3F;
    p = p * f + 9.61805668e-3F;
    p = p * f + 5.55032723e-2F;
    p = p * f + 2.40226509e-1F;
    p = p * f + 6.93147207e-1F;
    p = p * f + 1.F;
    v = (Pack<float>)((PackMask<float>)p + ((PackMask<float>)shifted << 23));
}

LONGTAKE_INLINE void exp_in_place(Pack<double>& v) {
    for (int i = 0; i < kLanes; ++i) {
        v[i] = std::exp(v[i]);
    }
}

}  // namespace
}  // namespace longtake::gaussians
