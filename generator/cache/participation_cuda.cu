#include "core/host_device.h"
#include "diffusion/ops/row_chunks.cuh"
#include "generator/cache/clusters.cuh"
#include "generator/cache/participation.h"
#include "generator/cache/score_ring.cuh"

#include <cmath>

namespace longtake::generator {
namespace {

using diffusion::to_float;

constexpr int kLanes = 32;
constexpr unsigned kAll = 0xffffffffU;

// kStep neighbours: one element, or a chunk.
template <typename T, int kStep> __device__ void load(const T* from, float (&to)[kStep]) {
    if constexpr (kStep == 1) {
        to[0] = to_float(*from);
    } else {
        diffusion::load_chunk(from, to);
    }
}

// A cluster for kColumns columns, its blocks for shares of the rows.
constexpr int kSumThreads = 512, kSumBlocks = 8;
template <int kStep> constexpr int kWide = kStep == 1 ? kLanes : kLanes / 4;
template <int kStep> constexpr int kColumns = kWide<kStep> * kStep;

template <typename T, int kStep, int kBlocks>
__global__ void __launch_bounds__(kSumThreads)
    sum_kernel(const T* queries, int64_t begin, int64_t end, int columns, const float* plus,
               float* sums) {
    constexpr int kRows = kSumThreads / kWide<kStep>, kWarps = kSumThreads / kLanes;
    constexpr int kAtOnce = 10;  // rows of a thread
    __shared__ float of_warps[kWarps][kColumns<kStep>], of_block[kColumns<kStep>];
    Cluster<kBlocks> cluster;
    wait_for_those_ahead();
    let_next_start();
    const int lane = threadIdx.x % kLanes, within = lane % kWide<kStep> * kStep;
    const int first = blockIdx.y * kColumns<kStep>;
    const T* from = queries + min(first + within, columns - kStep);
    float sum[kStep] = {};
    constexpr int64_t kNext = int64_t{kRows} * kBlocks;
    for (int64_t row = begin + cluster.rank() * kRows + threadIdx.x / kWide<kStep>; row < end;
         row += kNext * kAtOnce) {
        float rows[kAtOnce][kStep];
        LONGTAKE_UNROLL
        for (int i = 0; i < kAtOnce; ++i) {
            load(from + min(row + i * kNext, end - 1) * columns, rows[i]);
        }
        LONGTAKE_UNROLL
        for (int i = 0; i < kAtOnce; ++i) {
            LONGTAKE_UNROLL
            for (int j = 0; j < kStep; ++j) {
                sum[j] += row + i * kNext < end ? rows[i][j] : 0.F;
            }
        }
    }
    LONGTAKE_UNROLL
    for (int j = 0; j < kStep; ++j) {
        LONGTAKE_UNROLL
        for (int step = kWide<kStep>; step < kLanes; step *= 2) {
            sum[j] += __shfl_xor_sync(kAll, sum[j], step);
        }
        if (lane < kWide<kStep>) {
            of_warps[threadIdx.x / kLanes][within + j] = sum[j];
        }
    }
    __syncthreads();
    const int column = threadIdx.x;
    if (column < kColumns<kStep>) {
        float total = 0;
        LONGTAKE_UNROLL
        for (int w = 0; w < kWarps; ++w) {
            total += of_warps[w][column];
        }
        of_block[column] = total;
    }
    cluster.synchronize();
    if (cluster.rank() == 0 && column < kColumns<kStep> && first + column < columns) {
        float total = plus == nullptr ? 0.F : plus[first + column];
        LONGTAKE_UNROLL
        for (unsigned block = 0; block < kBlocks; ++block) {
            total += cluster.read(of_block[column], block);
        }
        sums[first + column] = total;
    }
    cluster.synchronize();  // nobody leaves while others look at what is here
}

// A warp for kTogether slots after one another, with the sums in shared memory.
constexpr int kScoreWarps = 8, kTogether = 4;

template <typename T, int kStep>
__global__ void __launch_bounds__(kScoreWarps* kLanes)
    score_kernel(const T* keys, int64_t stride, int64_t first, int64_t count, int heads, int d,
                 const float* sums, float scale, float* scores) {
    extern __shared__ __align__(16) float vote[];
    for (int i = threadIdx.x; i < heads * d; i += kScoreWarps * kLanes) {
        vote[i] = sums[i];
    }
    __syncthreads();
    const int lane = threadIdx.x % kLanes, warp = threadIdx.x / kLanes;
    const int64_t slot = (int64_t{blockIdx.x} * kScoreWarps + warp) * kTogether;
    if (slot >= count) {
        return;
    }
    const int together = static_cast<int>(min(count - slot, int64_t{kTogether}));
    constexpr int kStride = kLanes * kStep;  // elements of a slot that the warp reads at once
    const int heads_on = kStride / d, on = kStride % d;
    int head = lane * kStep / d, within = lane * kStep % d;
    float dots[kTogether] = {};
#pragma unroll 2
    for (int at = lane * kStep; at < heads * d; at += kStride) {
        const T* key = keys + (head * stride + first + slot) * d + within;
        float v[kTogether][kStep];
        LONGTAKE_UNROLL
        for (int s = 0; s < kTogether; ++s) {
            load(key + (s < together ? s : 0) * d, v[s]);
        }
        float wanted[kStep];
        load(vote + at, wanted);
        LONGTAKE_UNROLL
        for (int j = 0; j < kStep; ++j) {
            LONGTAKE_UNROLL
            for (int s = 0; s < kTogether; ++s) {
                dots[s] += wanted[j] * v[s][j];
            }
        }
        head += heads_on;
        within += on;
        if (within >= d) {
            within -= d;
            ++head;
        }
    }
    LONGTAKE_UNROLL
    for (int s = 0; s < kTogether; ++s) {
        for (int step = kLanes / 2; step > 0; step /= 2) {
            dots[s] += __shfl_xor_sync(kAll, dots[s], step);
        }
        if (lane == s && s < together) {
            scores[slot + s] = dots[s] * scale;
        }
    }
}

}  // namespace

void sum_queries_cuda(const Tensor& queries, Range rows, const float* plus, Tensor& sums,
                      GpuStream stream) {
    const auto columns = static_cast<int>(sums.count());
    const bool chunks = columns % diffusion::kChunk == 0 &&
                        reinterpret_cast<uintptr_t>(queries.raw()) % sizeof(uint4) == 0;
    const bool clusters = has_clusters();
    diffusion::with_type(queries.dtype(), [&](auto element) {
        using T = decltype(element);
        const auto sum = [&](auto kernel, int columns_of_block, unsigned blocks) {
            const auto groups = static_cast<unsigned>((columns - 1) / columns_of_block + 1);
            launch(
                "sum_queries", kernel,
                {{blocks, groups}, kSumThreads, 0, blocks, clusters ? Start::Early : Start::After},
                stream, static_cast<const T*>(queries.raw()), rows.begin, rows.end, columns, plus,
                sums.data<float>());
        };
        constexpr int kChunk = diffusion::kChunk;
        if (!chunks) {
            sum(sum_kernel<T, 1, 1>, kColumns<1>, 1);
        } else if (!clusters) {
            sum(sum_kernel<T, kChunk, 1>, kColumns<kChunk>, 1);
        } else {
            sum(sum_kernel<T, kChunk, kSumBlocks>, kColumns<kChunk>, kSumBlocks);
        }
    });
}

void score_slots_cuda(const diffusion::KvView& keys, Range slots, const Tensor& sums,
                      Tensor& scores, GpuStream stream, Start start) {
    const auto heads = static_cast<int>(sums.extent(0)), d = static_cast<int>(sums.extent(1));
    const float scale = 1.0F / (std::sqrt(static_cast<float>(d)) * static_cast<float>(heads));
    if (slots.count() == 0) {
        return;
    }
    const bool chunks = diffusion::fits_chunks(d, d, {keys.keys});
    const auto score = [&](auto element) {
        using T = decltype(element);
        if (chunks && d == kRingDim && heads <= diffusion::HeadList::kMost && has_clusters()) {
            const Keys all{keys.keys, keys.stride, slots.begin, static_cast<int>(slots.count()),
                           heads};
            return score_by_ring<T>(all, sums.data<float>(), scale, scores.data<float>(), start,
                                    stream);
        }
        constexpr int64_t kOfBlock = kScoreWarps * kTogether;
        const auto blocks = static_cast<unsigned>((slots.count() + kOfBlock - 1) / kOfBlock);
        const auto kernel = chunks ? score_kernel<T, diffusion::kChunk> : score_kernel<T, 1>;
        launch("score_slots", kernel, {blocks, kScoreWarps * kLanes, sums.bytes()}, stream,
               static_cast<const T*>(keys.keys), keys.stride, slots.begin, slots.count(), heads, d,
               sums.data<float>(), scale, scores.data<float>());
    };
    if (keys.dtype == DType::F8E4M3) {
        score(__nv_fp8_e4m3());
    } else {
        diffusion::with_type(keys.dtype, score);
    }
}

}  // namespace longtake::generator
