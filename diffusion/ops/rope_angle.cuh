#pragma once

#include <cmath>

// `rope_angles` of rope.h, for one pair, as kernels need it.
namespace longtake::diffusion {

// cos and sin of `position * theta^(-pair / pairs)`, computed in double.
__device__ inline float2 rope_angle(double position, int pair, int pairs, double theta) {
    double sine, cosine;
    sincos(position * pow(theta, -static_cast<double>(pair) / static_cast<double>(pairs)), &sine,
           &cosine);
    return make_float2(static_cast<float>(cosine), static_cast<float>(sine));
}

// The same for many positions: the powers of theta come from the host.
struct RopeRates {
    static constexpr int kMost = 32;
    double at[kMost];  // per position, in turns

    RopeRates(int pairs, double theta) : at{} {
        constexpr double kTurn = 6.283185307179586476925;
        for (int k = 0; k < pairs; ++k) {
            at[k] = std::pow(theta, -static_cast<double>(k) / pairs) / kTurn;
        }
    }
    __device__ float2 angle(double position, int pair) const {
        const double turns = __dmul_rn(position, at[pair]);
        float sine, cosine;
        sincospif(static_cast<float>(2 * (turns - rint(turns))), &sine, &cosine);
        return make_float2(cosine, sine);
    }
};

// Turns the pair (a, b), with the same bits in every kernel.
__device__ inline void turn_pair(float& a, float& b, float2 by) {
    const float before = a;
    a = __fmaf_rn(before, by.x, -__fmul_rn(b, by.y));
    b = __fmaf_rn(b, by.x, __fmul_rn(before, by.y));
}

}  // namespace longtake::diffusion
