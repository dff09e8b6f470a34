#pragma once

// `rope_angles` of rope.h, for one pair, as kernels need it.
namespace longtake::diffusion {

// cos and sin of `position * theta^(-pair / pairs)`, computed in double.
__device__ inline float2 rope_angle(double position, int pair, int pairs, double theta) {
    double sine, cosine;
    sincos(position * pow(theta, -static_cast<double>(pair) / static_cast<double>(pairs)), &sine,
           &cosine);
    return make_float2(static_cast<float>(cosine), static_cast<float>(sine));
}

}  // namespace longtake::diffusion
