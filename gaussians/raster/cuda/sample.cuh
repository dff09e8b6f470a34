#pragma once

#include "gaussians/raster/cuda/kernels.h"

namespace longtake::gaussians::cuda {

// Pixel 0..255 of a tile: 32 after 32 they are blocks of 8 x 4 pixels, one for each warp.
constexpr int kBlockColumns = 8, kBlockRows = 4;
__device__ inline int column_of(int pixel) {
    return (pixel & 7) | (pixel >> 2 & 8);
}
__device__ inline int row_of(int pixel) {
    return (pixel >> 3 & 3) | (pixel >> 4 & 12);
}

// A splat as a tile's pixels need it: where it lies, how it falls off, what it shows. Alpha is
// opacity 2^x with x = slant e^2 + drop dy^2, and counts where x is at least `least`.
struct TileSplat {
    float dx, dy;  // from its centre to that of the tile's first pixel
    float slope, slant;
    float drop, least, opacity, depth;
    float red, green, blue;
};

// The three vectors that a Splat<float> is in memory.
struct PackedSplat {
    float4 place;  // u, v, slope, precision_x
    float4 bell;   // precision_y, opacity, red, green
    float4 rest;   // blue, depth, reach_x, reach_y

    __device__ PackedSplat(const Splat<float>* splats, uint32_t i) {
        static_assert(sizeof(Splat<float>) == 3 * sizeof(float4));
        const float4* from = reinterpret_cast<const float4*>(splats) + 3 * static_cast<size_t>(i);
        place = __ldg(from);
        bell = __ldg(from + 1);
        rest = __ldg(from + 2);
    }

    __device__ TileSplat in_tile(int x, int y) const {
        constexpr float kHalfLog2E = 0.72134752044448170368F;
        const float drop = -kHalfLog2E * bell.x;
        return {.dx = static_cast<float>(x) + 0.5F - place.x,
                .dy = static_cast<float>(y) + 0.5F - place.y,
                .slope = place.z,
                .slant = -kHalfLog2E * place.w,
                .drop = drop,
                .least = drop * rest.w * rest.w,
                .opacity = bell.y,
                .depth = rest.y,
                .red = bell.z,
                .green = bell.w,
                .blue = rest.x};
    }
};

// What a splat is at one pixel of its tile. Every rounding is spelled out, so that the gradient
// sees the very samples that the picture was made of.
struct Sample {
    float e, dy, exponent;

    __device__ Sample(float dx, float dy_first, float slope, float slant, float drop, float column,
                      float row)
        : dy(dy_first + row) {
        e = __fmaf_rn(-slope, dy, dx + column);
        exponent = __fmaf_rn(__fmul_rn(slant, e), e, __fmul_rn(__fmul_rn(drop, dy), dy));
    }
    // Before it is clipped.
    __device__ float alpha(float opacity) const {
        float power;
        asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(exponent));
        return __fmul_rn(power, opacity);
    }
};

// The light of a pixel through a splat: `weight` stays in it, `left` goes on. Where nothing goes
// on, the pixel is finished and the splat not shown.
struct Passage {
    float alpha, weight, left;

    __device__ Passage(float raw, float light) {
        alpha = fminf(raw, static_cast<float>(kMaxAlpha));
        weight = __fmul_rn(alpha, light);
        left = __fsub_rn(light, weight);
    }
    __device__ bool taken() const { return left > static_cast<float>(kMinTransmittance); }
};

}  // namespace longtake::gaussians::cuda
