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
    using Queries = uint64_t;                              // a tile in shared memory
    static constexpr int kKeys = 128;                      // of a tile
    static constexpr int kGroups = 2, kRegisters = 240;    // of warps that attend; of a thread
    static constexpr int kLines = 2, kStages = 2;          // lines of a head
    static constexpr int kValueRows = kKeys, kOnes = 0;    // lines of half a head, and behind them
    static constexpr int kUnits = 1;                       // of a logit, to an octave
    static constexpr int kLogits = kKeys / 2, kSums = 64;  // registers of a thread
    static constexpr int kSteps = kKeys / 16;              // of the sum over keys
    static constexpr int kStepBytes = 16 * kLine;          // of values [lines][keys][kLine]
    static constexpr bool kTakesTurns = true;              // at the matrix unit: 8 % faster

    static __device__ uint64_t values_at(const uint8_t* values) {
        return tile_at(values, kRowGroup, kKeys * kLine);
    }
};

// A head to a line. Values come as their transpose, the keys of every 16 in the order in which a
// thread has their weights, see attention_quantize; ones behind them add up the weights.
struct Fp8 : Fp8Products {
    using Logit = unsigned;                   // two halves
    using Queries = unsigned[kLine / 32][4];  // in registers
    static constexpr int kKeys = 128;
    static constexpr int kGroups = 3, kRegisters = 160;
    static constexpr int kLines = 1, kStages = 4;
    static constexpr int kValueRows = 128, kOnes = 8;  // a dimension each
    static constexpr int kUnits = 8;
    static constexpr int kLogits = kKeys / 4, kSums = 68;
    static constexpr int kSteps = kKeys / 32;
    static constexpr int kStepBytes = 32;       // of values [dimensions][kLine]
    static constexpr bool kTakesTurns = false;  // three groups find theirs: 3 % slower

    static __device__ uint64_t values_at(const uint8_t* values) {
        return tile_at(values, kRowGroup);
    }
};

}  // namespace hopper
}  // namespace longtake::diffusion
