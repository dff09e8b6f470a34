#include "core/host_device.h"
#include "diffusion/ops/row_chunks.cuh"
#include "generator/cache/participation.h"

#include <cmath>

namespace longtake::generator {
namespace {

using diffusion::to_float;

constexpr int kLanes = 32, kWarps = 32, kThreads = kLanes * kWarps;
constexpr unsigned kAll = 0xffffffffU;
constexpr int kDigits = 256;

// kStep neighbours: one element, or a chunk.
template <typename T, int kStep> __device__ void load(const T* from, float (&to)[kStep]) {
    if constexpr (kStep == 1) {
        to[0] = to_float(*from);
    } else {
        diffusion::load_chunk(from, to);
    }
}

// A block: 32 columns, in shares of the rows.
template <typename T, int kStep>
__global__ void __launch_bounds__(kThreads)
    sum_kernel(const T* queries, int64_t begin, int64_t end, int columns, const float* plus,
               float* sums) {
    constexpr int kWide = kLanes / kStep, kShares = kThreads / kWide;
    __shared__ float parts[kShares][kLanes + 1];
    const int share = threadIdx.x / kWide, within = threadIdx.x % kWide * kStep;
    const int first = blockIdx.x * kLanes;
    float sum[kStep] = {};
    if (first + within < columns) {
#pragma unroll 8
        for (int64_t row = begin + share; row < end; row += kShares) {
            float v[kStep];
            load(queries + row * columns + first + within, v);
            LONGTAKE_UNROLL
            for (int j = 0; j < kStep; ++j) {
                sum[j] += v[j];
            }
        }
    }
    LONGTAKE_UNROLL
    for (int j = 0; j < kStep; ++j) {
        parts[share][within + j] = sum[j];
    }
    __syncthreads();
    const int column = threadIdx.x % kLanes, warp = threadIdx.x / kLanes;
    float total = 0;
    for (int s = warp; s < kShares; s += kWarps) {
        total += parts[s][column];
    }
    __syncthreads();
    parts[warp][column] = total;
    __syncthreads();
    if (warp == 0 && first + column < columns) {
        total = 0;
        for (int w = 0; w < kWarps; ++w) {
            total += parts[w][column];
        }
        sums[first + column] = total + (plus == nullptr ? 0.F : plus[first + column]);
    }
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

// Unsigned numbers in the order of the floats.
__device__ unsigned ordered(float score) {
    const unsigned bits = __float_as_uint(score + 0.F);  // -0 is 0
    return (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
}

// What is found out, eight bits at a time, about the score of the last one chosen.
struct Cut {
    unsigned score;  // its digits so far; what follows is zero
    unsigned left;   // how many of those with these digits are chosen
    bool done;       // all of them are
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
        cut.score |= static_cast<unsigned>(digit) << shift;
        cut.left = rest;
        cut.done = counts[digit] == rest;
    }
}

// The scores of the candidates, which lie in a row for each warp: those of the first kHeld of a
// lane stay in registers.
class Scores {
  public:
    static constexpr int kHeld = 16;

    __device__ Scores(const float* scores, const uint8_t* reuse, int limit, int candidates)
        : scores_(scores), reuse_(reuse), limit_(limit) {
        const int share = (candidates + kThreads - 1) / kThreads * kLanes;
        begin_ = threadIdx.x / kLanes * share;
        end_ = min(begin_ + share, candidates);
        LONGTAKE_UNROLL
        for (int k = 0; k < kHeld; ++k) {
            const int i = place(k);
            held_[k] = i < end_ ? ordered(scores_[i]) : 0U;
            spent_ |= i < end_ && is_spent(i) ? 1U << k : 0U;
        }
    }
    // work(candidate, its score, whether it is spent), all lanes at once, also those whose
    // candidate is none: its number is past the end.
    template <typename Work> __device__ void each(const Work& work) const {
        LONGTAKE_UNROLL
        for (int k = 0; k < kHeld; ++k) {
            if (begin_ + k * kLanes < end_) {
                work(place(k), held_[k], (spent_ >> k & 1U) != 0);
            }
        }
        for (int k = kHeld; begin_ + k * kLanes < end_; ++k) {
            const int i = place(k);
            const bool there = i < end_;
            work(i, there ? ordered(scores_[i]) : 0U, there && is_spent(i));
        }
    }
    __device__ int end() const { return end_; }

  private:
    __device__ int place(int k) const { return begin_ + k * kLanes + threadIdx.x % kLanes; }
    __device__ bool is_spent(int i) const { return limit_ > 0 && reuse_[i] >= limit_; }

    const float* scores_;
    const uint8_t* reuse_;
    int limit_;
    int begin_, end_;
    unsigned held_[kHeld];
    unsigned spent_ = 0;
};

// The sum over the warps before this one, and of all.
struct Totals {
    unsigned before, all;
};
__device__ Totals add_up(unsigned of_lane, unsigned (&of_warps)[kWarps]) {
    const int lane = threadIdx.x % kLanes, warp = threadIdx.x / kLanes;
    const unsigned own = __reduce_add_sync(kAll, of_lane);
    if (lane == 0) {
        of_warps[warp] = own;
    }
    __syncthreads();
    const unsigned of_lanes_warp = of_warps[lane];
    const Totals totals{__reduce_add_sync(kAll, lane < warp ? of_lanes_warp : 0),
                        __reduce_add_sync(kAll, of_lanes_warp)};
    __syncthreads();
    return totals;
}

// One block. Larger is better; of equal scores the lower slot is. The spent ones are chosen from
// when there are too few others, all of which are taken then. Finds the score of the last one
// chosen, then writes down whose is not below it.
__global__ void __launch_bounds__(kThreads)
    select_kernel(const float* scores_of, uint8_t* reuse, int limit, int64_t candidates,
                  unsigned count, int32_t first, int32_t* order) {
    __shared__ unsigned counts[kDigits];
    __shared__ Cut cut;
    __shared__ unsigned of_warps[kWarps];
    const Scores scores(scores_of, reuse, limit, static_cast<int>(candidates));
    unsigned fresh = 0;
    scores.each([&](int i, unsigned, bool spent) { fresh += i < scores.end() && !spent ? 1 : 0; });
    fresh = add_up(fresh, of_warps).all;
    const bool among_spent = fresh < count;
    if (threadIdx.x == 0) {
        cut = {0, among_spent ? count - fresh : count, false};
    }
    const auto runs = [&](int i, bool spent) { return i < scores.end() && spent == among_spent; };
    __syncthreads();
    for (int shift = 24; shift >= 0 && !cut.done; shift -= 8) {
        if (threadIdx.x < kDigits) {
            counts[threadIdx.x] = 0;
        }
        __syncthreads();
        const unsigned known = shift == 24 ? 0 : ~0U << (shift + 8), so_far = cut.score;
        scores.each([&](int i, unsigned score, bool spent) {
            const bool counted = runs(i, spent) && ((score ^ so_far) & known) == 0;
            const int digit = counted ? static_cast<int>(score >> shift & (kDigits - 1)) : -1;
            if (shift == 24) {  // where nearly all are alike: who has the same says so once
                const unsigned same = __match_any_sync(kAll, digit);
                if (counted && (same & ((1U << threadIdx.x % kLanes) - 1)) == 0) {
                    atomicAdd(&counts[digit], static_cast<unsigned>(__popc(same)));
                }
            } else if (counted) {
                atomicAdd(&counts[digit], 1U);
            }
        });
        __syncthreads();
        if (threadIdx.x < kLanes) {
            find_digit(counts, shift, cut);
        }
        __syncthreads();
    }
    const unsigned last = cut.score, of_last = cut.done ? 0xffffffffU : cut.left;
    unsigned above = 0, equal = 0;
    const auto is_above = [&](int i, unsigned score, bool spent) {
        return runs(i, spent) ? score > last : i < scores.end() && !spent;
    };
    const auto is_equal = [&](int i, unsigned score, bool spent) {
        return runs(i, spent) && (cut.done ? score >= last : score == last);
    };
    scores.each([&](int i, unsigned score, bool spent) {
        const bool equals = is_equal(i, score, spent);
        equal += equals ? 1 : 0;
        above += !equals && is_above(i, score, spent) ? 1 : 0;
    });
    unsigned above_before = add_up(above, of_warps).before;
    unsigned equal_before = add_up(equal, of_warps).before;
    const unsigned lower = (1U << threadIdx.x % kLanes) - 1;
    scores.each([&](int i, unsigned score, bool spent) {
        const bool equals = is_equal(i, score, spent);
        const unsigned equal_here = __ballot_sync(kAll, equals);
        const unsigned equals_lower = equal_before + __popc(equal_here & lower);
        const bool over = !equals && is_above(i, score, spent);
        const unsigned above_here = __ballot_sync(kAll, over);
        if (over || (equals && equals_lower < of_last)) {
            order[above_before + __popc(above_here & lower) + min(equals_lower, of_last)] =
                first + i;
            reuse[i] += reuse[i] < 255;
        }
        above_before += __popc(above_here);
        equal_before += __popc(equal_here);
    });
}

}  // namespace

void sum_queries_cuda(const Tensor& queries, Range rows, const float* plus, Tensor& sums,
                      GpuStream stream) {
    const auto columns = static_cast<int>(sums.count());
    const bool chunks = columns % diffusion::kChunk == 0 &&
                        reinterpret_cast<uintptr_t>(queries.raw()) % sizeof(uint4) == 0;
    diffusion::with_type(queries.dtype(), [&](auto element) {
        using T = decltype(element);
        const auto kernel = chunks ? sum_kernel<T, diffusion::kChunk> : sum_kernel<T, 1>;
        kernel<<<(columns + kLanes - 1) / kLanes, kThreads, 0, stream>>>(
            static_cast<const T*>(queries.raw()), rows.begin, rows.end, columns, plus,
            sums.data<float>());
    });
    cuda_check_launch("sum_queries");
}

void score_slots_cuda(const diffusion::KvView& keys, Range slots, const Tensor& sums,
                      Tensor& scores, GpuStream stream) {
    const auto heads = static_cast<int>(sums.extent(0)), d = static_cast<int>(sums.extent(1));
    const float scale = 1.0F / (std::sqrt(static_cast<float>(d)) * static_cast<float>(heads));
    if (slots.count() == 0) {
        return;
    }
    const bool chunks = diffusion::fits_chunks(d, d, {keys.keys});
    const auto score = [&](auto element) {
        using T = decltype(element);
        constexpr int64_t kOfBlock = kScoreWarps * kTogether;
        const auto blocks = static_cast<unsigned>((slots.count() + kOfBlock - 1) / kOfBlock);
        const auto kernel = chunks ? score_kernel<T, diffusion::kChunk> : score_kernel<T, 1>;
        kernel<<<blocks, kScoreWarps * kLanes, sums.bytes(), stream>>>(
            static_cast<const T*>(keys.keys), keys.stride, slots.begin, slots.count(), heads, d,
            sums.data<float>(), scale, scores.data<float>());
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
