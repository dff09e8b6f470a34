#include "diffusion/ops/elements.cuh"
#include "generator/cache/participation.h"

#include <cmath>

namespace longtake::generator {
namespace {

using diffusion::to_float;

constexpr int kLanes = 32, kWarps = 32, kThreads = kLanes * kWarps;
constexpr unsigned kAll = 0xffffffffU;
constexpr int kDigits = 256;

// A block: 32 columns, in 32 shares of the rows.
template <typename T>
__global__ void add_kernel(const T* queries, int64_t begin, int64_t end, int columns, float* sums) {
    __shared__ float parts[kWarps][kLanes + 1];
    const int column = blockIdx.x * kLanes + threadIdx.x;
    float sum = 0;
    for (int64_t row = begin + threadIdx.y; column < columns && row < end; row += kWarps) {
        sum += to_float(queries[row * columns + column]);
    }
    parts[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && column < columns) {
        sum = 0;
        for (int y = 0; y < kWarps; ++y) {
            sum += parts[y][threadIdx.x];
        }
        sums[column] += sum;
    }
}

// A warp for each slot.
template <typename T>
__global__ void score_kernel(const T* keys, int64_t stride, int64_t first, int64_t count, int heads,
                             int d, const float* sums, float scale, float* scores) {
    const int64_t slot = int64_t{blockIdx.x} * kWarps + threadIdx.y;
    if (slot >= count) {
        return;
    }
    float dot = 0;
    for (int h = 0; h < heads; ++h) {
        const T* key = keys + (h * stride + first + slot) * d;
        for (int i = threadIdx.x; i < d; i += kLanes) {
            dot += sums[h * d + i] * to_float(key[i]);
        }
    }
    for (int step = kLanes / 2; step > 0; step /= 2) {
        dot += __shfl_xor_sync(kAll, dot, step);
    }
    if (threadIdx.x == 0) {
        scores[slot] = dot * scale;
    }
}

// Larger is better, and no two are equal: not spent before spent, then the score, then the lower
// slot.
__device__ uint64_t rank_of(float score, bool spent, int64_t i) {
    const unsigned bits = __float_as_uint(score + 0.F);  // -0 is 0
    const unsigned ordered = (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
    return (uint64_t{!spent} << 63) | (uint64_t{ordered} << 31) |
           (uint64_t{0x7fffffff} - static_cast<uint64_t>(i));
}

// What is found out, eight bits at a time, about the rank of the last one chosen.
struct Cut {
    unsigned long long rank;  // its digits so far; what follows is zero
    unsigned left;            // how many of those with these digits are chosen
    bool done;                // all of them are
};

// The next digit of `cut`, given how many have each value of it. One warp: a lane looks at eight
// values, the largest ones first.
__device__ void find_digit(const unsigned* counts, int shift, Cut& cut) {
    constexpr int kEach = kDigits / kLanes;
    const int lane = threadIdx.x % kLanes, top = kDigits - 1 - lane * kEach;
    unsigned own = 0;
    for (int i = 0; i < kEach; ++i) {
        own += counts[top - i];
    }
    unsigned sum = own;  // of this lane and those before
    for (int step = 1; step < kLanes; step *= 2) {
        const unsigned before = __shfl_up_sync(kAll, sum, step);
        sum += lane >= step ? before : 0;
    }
    const unsigned left = cut.left;
    __syncwarp();
    if (sum - own < left && left <= sum) {
        unsigned rest = left - (sum - own);
        int digit = top;
        for (; counts[digit] < rest; --digit) {
            rest -= counts[digit];
        }
        cut.rank |= static_cast<unsigned long long>(digit) << shift;
        cut.left = rest;
        cut.done = counts[digit] == rest;
    }
}

// One block. Finds the rank of the last one chosen, then writes down who is not below it.
__global__ void select_kernel(const float* scores, uint8_t* reuse, int limit, int64_t candidates,
                              unsigned count, int32_t first, int32_t* order) {
    __shared__ unsigned counts[kDigits];
    __shared__ Cut cut;
    __shared__ unsigned warp_counts[kWarps];
    const auto rank = [=](int64_t i) {
        return rank_of(scores[i], limit > 0 && reuse[i] >= limit, i);
    };
    if (threadIdx.x == 0) {
        cut.rank = 0;
        cut.left = count;
        cut.done = false;
    }
    __syncthreads();
    for (int shift = 56; shift >= 0 && !cut.done; shift -= 8) {
        if (threadIdx.x < kDigits) {
            counts[threadIdx.x] = 0;
        }
        __syncthreads();
        const uint64_t known = cut.rank >> shift >> 8;
#pragma unroll 4
        for (int64_t i = threadIdx.x; i < candidates; i += kThreads) {
            const uint64_t r = rank(i);
            if (r >> shift >> 8 == known) {
                atomicAdd(&counts[r >> shift & (kDigits - 1)], 1U);
            }
        }
        __syncthreads();
        if (threadIdx.x < kLanes) {
            find_digit(counts, shift, cut);
        }
        __syncthreads();
    }
    // Every warp has candidates that follow one another.
    const int lane = threadIdx.x % kLanes, warp = threadIdx.x / kLanes;
    const int64_t share = (candidates + kThreads - 1) / kThreads * kLanes;
    const int64_t begin = warp * share, end = min(begin + share, candidates);
    const uint64_t last = cut.rank;
    unsigned chosen = 0;
#pragma unroll 4
    for (int64_t i = begin + lane; i < end; i += kLanes) {
        chosen += rank(i) >= last ? 1 : 0;
    }
    chosen = __reduce_add_sync(kAll, chosen);
    if (lane == 0) {
        warp_counts[warp] = chosen;
    }
    __syncthreads();
    unsigned written = __reduce_add_sync(kAll, lane < warp ? warp_counts[lane] : 0);
    for (int64_t row = begin; row < end; row += kLanes) {
        const int64_t i = row + lane;
        const bool taken = i < end && rank(i) >= last;
        const unsigned votes = __ballot_sync(kAll, taken);
        if (taken) {
            order[written + __popc(votes & ((1U << lane) - 1))] = first + static_cast<int32_t>(i);
            reuse[i] += reuse[i] < 255;
        }
        written += __popc(votes);
    }
}

}  // namespace

void add_queries_cuda(const Tensor& queries, Range rows, Tensor& sums, GpuStream stream) {
    const auto columns = static_cast<int>(sums.count());
    diffusion::with_type(queries.dtype(), [&](auto element) {
        add_kernel<<<(columns + kLanes - 1) / kLanes, dim3(kLanes, kWarps), 0, stream>>>(
            static_cast<const decltype(element)*>(queries.raw()), rows.begin, rows.end, columns,
            sums.data<float>());
    });
    cuda_check_launch("add_queries");
}

void score_slots_cuda(const diffusion::KvView& keys, Range slots, const Tensor& sums,
                      Tensor& scores, GpuStream stream) {
    const auto heads = static_cast<int>(sums.extent(0)), d = static_cast<int>(sums.extent(1));
    const float scale = 1.0F / (std::sqrt(static_cast<float>(d)) * static_cast<float>(heads));
    if (slots.count() == 0) {
        return;
    }
    const auto score = [&](auto element) {
        const auto blocks = static_cast<unsigned>((slots.count() + kWarps - 1) / kWarps);
        score_kernel<<<blocks, dim3(kLanes, kWarps), 0, stream>>>(
            static_cast<const decltype(element)*>(keys.keys), keys.stride, slots.begin,
            slots.count(), heads, d, sums.data<float>(), scale, scores.data<float>());
    };
    if (keys.dtype == DType::F8E4M3) {
        score(__nv_fp8_e4m3());
    } else {
        diffusion::with_type(keys.dtype, score);
    }
    cuda_check_launch("score_slots");
}

void select_top_cuda(const Tensor& scores, Range candidates, int limit, int64_t count,
                     Tensor& reuse, Tensor& order, GpuStream stream) {
    if (count == 0) {
        return;
    }
    select_kernel<<<1, kThreads, 0, stream>>>(
        scores.data<float>(), reuse.data<uint8_t>() + candidates.begin, limit, candidates.count(),
        static_cast<unsigned>(count), static_cast<int32_t>(candidates.begin),
        order.data<int32_t>());
    cuda_check_launch("select_top");
}

}  // namespace longtake::generator
