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
    using Logit = float;
    static constexpr int kKeys = 128;                    // of a tile
    static constexpr int kGroups = 2, kRegisters = 240;  // of warps that attend; of a thread
    static constexpr int kLines = 2, kStages = 2;        // lines of a head
    static constexpr int kValueRows = kKeys, kValuesLoaded = kKeys;  // lines of a half
    static constexpr float kLogitUnits = 1;  // of an octave
    static constexpr int kQuerySteps = 0;
    static constexpr int kLogits = kKeys / 2, kSums = 64;  // registers of a thread
    static constexpr int kSteps = kKeys / 16;              // of the sum over keys
    static constexpr bool kTakesTurns = true;              // at the matrix unit: 8 % faster

    // Values [lines][keys][kLine], 16 keys from `step` on.
    static __device__ uint64_t values_at(const uint8_t* values, int step) {
        return tile_at(values + 16 * step * kLine, kRowGroup, kKeys * kLine);
    }
};

// A head to a line. Values come as their transpose, the keys of every 16 in the order in which a
// thread has their weights, see attention_quantize; lines of ones behind them add up the weights.
struct Fp8 : Fp8Products {
    using Logit = unsigned;  // two halves
    static constexpr int kKeys = 96;
    static constexpr int kGroups = 3, kRegisters = 160;
    static constexpr int kLines = 1, kStages = 4;
    static constexpr int kOnes = 8;
    static constexpr int kValuesLoaded = 128, kValueRows = 128 + kOnes;  // a dimension each
    static constexpr float kLogitUnits = 8;
    static constexpr int kQuerySteps = 4;
    static constexpr int kLogits = kKeys / 4, kSums = 68;
    static constexpr int kSteps = kKeys / 32;
    static constexpr bool kTakesTurns = false;

    // Values [dimensions][kLine], 32 keys from `step` on.
    static __device__ uint64_t values_at(const uint8_t* values, int step) {
        return tile_at(values + 32 * step, kRowGroup);
    }
};

}  // namespace hopper
}  // namespace longtake::diffusion
