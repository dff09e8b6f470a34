#pragma once

#include "diffusion/ops/attention.h"
#include "diffusion/ops/hopper.cuh"

#include <cuda_bf16.h>

#include <cstdint>

// How attention's operands lie in shared memory and registers on Hopper, in either element type.
namespace longtake::diffusion {

__device__ inline unsigned pack(float low, float high) {
    const __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<const unsigned*>(&both);
}

__device__ inline unsigned pack_fp8(float low, float high) {
    uint16_t both;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(both) : "f"(high), "f"(low));
    return both;
}

namespace hopper {

constexpr int kLine = 128;  // bytes of a row of shared memory
constexpr int kRowGroup = 8 * kLine;

// Half a head to a line. Values lie as they come, keys by heads.
struct Bf16 : Bf16Products {
    static constexpr int kKeys = 128;                    // of a tile
    static constexpr int kGroups = 2, kRegisters = 240;  // of warps that attend; of a thread
    static constexpr int kLines = 2, kStages = 2;        // lines of a head
    static constexpr int kValueRows = kKeys;             // lines of a half
    static constexpr int kSteps = kKeys / 16;            // of the sum over keys
    static constexpr float kHeadroom = 0;                // weights are up to 2^this
    static constexpr bool kTakesTurns = true;            // at the matrix unit: 8 % faster

    // Values [lines][keys][kLine], 16 keys from `step` on.
    static __device__ uint64_t values_at(const uint8_t* values, int step) {
        return tile_at(values + 16 * step * kLine, kRowGroup, kKeys * kLine);
    }
    static __device__ void pack_weights(const float (&w)[kKeys / 2], unsigned (&to)[kSteps][4]) {
#pragma unroll
        for (int k = 0; k < kSteps; ++k) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                to[k][i] = pack(w[8 * k + 2 * i], w[8 * k + 2 * i + 1]);
            }
        }
    }
};

// A head to a line. Values come as their transpose, the keys of every 16 in the order in which a
// thread has their weights, see attention_quantize.
struct Fp8 : Fp8Products {
    static constexpr int kKeys = 96;  // as many as leave registers for a third group
    static constexpr int kGroups = 3, kRegisters = 160;
    static constexpr int kLines = 1, kStages = 4;
    static constexpr int kValueRows = 128;  // a dimension each; there are more keys than are used
    static constexpr int kSteps = kKeys / 32;
    static constexpr float kHeadroom = 8;
    static constexpr bool kTakesTurns = false;  // its products are too short: 12 % slower

    // Values [dimensions][kLine], 32 keys from `step` on.
    static __device__ uint64_t values_at(const uint8_t* values, int step) {
        return tile_at(values + 32 * step, kRowGroup);
    }
    static __device__ void pack_weights(const float (&w)[kKeys / 2], unsigned (&to)[kSteps][4]) {
#pragma unroll
        for (int k = 0; k < kSteps; ++k) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {  // rows g and g + 8 by turns
                const float* at = w + 16 * k + i / 2 * 8 + i % 2 * 2;
                const unsigned low = pack_fp8(at[0], at[1]), high = pack_fp8(at[4], at[5]);
                to[k][i] = low | high << 16;
            }
        }
    }
};

}  // namespace hopper
}  // namespace longtake::diffusion
