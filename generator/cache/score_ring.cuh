#pragma once

#include "core/host_device.h"
#include "diffusion/ops/hopper.cuh"
#include "diffusion/ops/row_chunks.cuh"
#include "generator/cache/clusters.cuh"

#include <algorithm>

// Scores of slots at the pace of the memory: the copy engine brings keys while the votes are still
// being counted. From compute capability 9.0 on.
namespace longtake::generator {

constexpr int kRingDim = 128;  // of a head

struct Keys {
    const void* keys;  // [heads, stride, kRingDim]
    int64_t stride, first;
    int count, heads;
    int of_block = 0, stages = 0;  // slots of a block; places in its ring
};

constexpr int kRingThreads = 512, kRingLanes = kRingDim / diffusion::kChunk;  // lanes for a key
constexpr int kRingGroups = kRingThreads / kRingLanes, kRingSlots = 4;        // slots of a group
constexpr int kMostStages = 16, kRingBytes = 200 << 10;                       // votes included

// Bytes, a multiple of 16, into shared memory; they arrive at `barrier`.
__device__ inline void load_bytes(void* to, const void* from, unsigned bytes,
                                  diffusion::hopper::Barrier& barrier) {
    // Nobody else reads them soon: they go first when the cache needs room.
    asm volatile(
        "{\n.reg .b64 policy;\ncreatepolicy.fractional.L2::evict_first.b64 policy, 1.0;\n"
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], "
        "[%1], %2, [%3], policy;\n}" ::"r"(diffusion::hopper::shared_address(to)),
        "l"(from), "r"(bytes), "r"(diffusion::hopper::shared_address(&barrier))
        : "memory");
}

// A block: neighbouring slots, whose keys of one head after the other arrive in a ring.
template <typename T>
__global__ void __launch_bounds__(kRingThreads)
    ring_kernel(Keys k, const float* sums, float scale, float* scores) {
#if __CUDA_ARCH__ >= 900
    constexpr int kRow = kRingDim * sizeof(T), kFours = diffusion::kChunk / 4;
    extern __shared__ __align__(128) unsigned char ring[];
    __shared__ diffusion::hopper::Barrier arrived[kMostStages];
    const int begin = static_cast<int>(blockIdx.x) * k.of_block;
    const int own = min(k.of_block, k.count - begin), stage_bytes = k.of_block * kRow;
    auto* votes = reinterpret_cast<float4*>(ring + k.stages * stage_bytes);
    const auto fetch = [&](int head, int stage) {
        const auto* keys =
            static_cast<const T*>(k.keys) + (head * k.stride + k.first + begin) * kRingDim;
        arrived[stage].arrive_and_expect(static_cast<unsigned>(own * kRow));
        load_bytes(ring + stage * stage_bytes, keys, static_cast<unsigned>(own * kRow),
                   arrived[stage]);
    };
    if (threadIdx.x == 0) {
        for (int stage = 0; stage < k.stages; ++stage) {
            arrived[stage].init(1);
        }
        diffusion::hopper::fence_barriers();
        for (int stage = 0; stage < k.stages; ++stage) {
            fetch(stage, stage);
        }
    }
    let_next_start();
    wait_for_those_ahead();
    // The votes of a lane lie in fours, side by side with those of its neighbours.
    for (int i = static_cast<int>(threadIdx.x); i < k.heads * kRingDim / 4; i += kRingThreads) {
        const int four = i % (kRingDim / 4);
        votes[i - four + four % kFours * kRingLanes + four / kFours] =
            reinterpret_cast<const float4*>(sums)[i];
    }
    __syncthreads();
    const int lane = threadIdx.x % kRingLanes, group = threadIdx.x / kRingLanes;
    float dots[kRingSlots] = {};
    for (int head = 0, stage = 0, parity = 0; head < k.heads; ++head) {
        const float4 a = votes[head * kRingDim / 4 + lane];
        const float4 b = votes[head * kRingDim / 4 + kRingLanes + lane];
        const float wanted[]{a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w};
        arrived[stage].wait(parity);
        const auto* keys = reinterpret_cast<const T*>(ring + stage * stage_bytes);
        LONGTAKE_UNROLL
        for (int s = 0; s < kRingSlots; ++s) {
            const int slot = min(group + s * kRingGroups, own - 1);
            float key[diffusion::kChunk];
            diffusion::load_chunk(keys + slot * kRingDim + lane * diffusion::kChunk, key);
            LONGTAKE_UNROLL
            for (int j = 0; j < diffusion::kChunk; ++j) {
                dots[s] += wanted[j] * key[j];
            }
        }
        if (head + k.stages < k.heads) {
            __syncthreads();
            if (threadIdx.x == 0) {
                fetch(head + k.stages, stage);
            }
        }
        if (++stage == k.stages) {
            stage = 0;
            parity ^= 1;
        }
    }
    LONGTAKE_UNROLL
    for (int s = 0; s < kRingSlots; ++s) {
        LONGTAKE_UNROLL
        for (int step = kRingLanes / 2; step > 0; step /= 2) {
            dots[s] += __shfl_xor_sync(0xffffffffU, dots[s], step);
        }
        const int slot = group + s * kRingGroups;
        if (lane == 0 && slot < own) {
            scores[begin + slot] = dots[s] * scale;
        }
    }
#endif
}

// Early: keys are read while what is ahead still runs.
template <typename T>
void score_by_ring(Keys k, const float* sums, float scale, float* scores, Start start,
                   GpuStream stream) {
    constexpr int kRow = kRingDim * sizeof(T);
    const int processors = cuda_attribute(cudaDevAttrMultiProcessorCount);
    k.of_block = std::min((k.count - 1) / processors + 1, kRingGroups * kRingSlots);
    const int votes = k.heads * kRingDim * static_cast<int>(sizeof(float));
    k.stages = std::min({k.heads, kMostStages, (kRingBytes - votes) / (k.of_block * kRow)});
    const int bytes = k.stages * k.of_block * kRow + votes;
    cuda_check(
        cudaFuncSetAttribute(ring_kernel<T>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
        "the scores' shared memory");
    launch("score_slots", ring_kernel<T>,
           {.blocks = static_cast<unsigned>((k.count - 1) / k.of_block + 1),
            .threads = kRingThreads,
            .shared_bytes = static_cast<size_t>(bytes),
            .start = start},
           stream, k, sums, scale, scores);
}

}  // namespace longtake::generator
