#include "core/host_device.h"
#include "generator/cache/clusters.cuh"
#include "generator/cache/participation.h"

namespace longtake::generator {
namespace {

constexpr int kLanes = 32, kThreads = 512, kWarps = kThreads / kLanes;
constexpr unsigned kAll = 0xffffffffU;

// Scores as unsigned numbers in the same order, between those that are chosen whatever happens and
// those that are not.
constexpr unsigned kNever = 0, kAlways = 0xffffffffU;
__device__ unsigned key_of(float score) {
    const unsigned bits = __float_as_uint(score + 0.F);  // -0 is 0
    const unsigned sign = static_cast<unsigned>(static_cast<int>(bits) >> 31);
    return min(max(bits ^ (sign | 0x80000000U), kNever + 1), kAlways - 1);
}

__device__ unsigned lane() {
    return threadIdx.x % kLanes;
}
__device__ unsigned warp() {
    return threadIdx.x / kLanes;
}

// The candidates lie in a row for each warp of all blocks; the first kHeld of a lane stay in
// registers.
template <int kBlocks> class Candidates {
  public:
    __device__ Candidates(const float* scores, const uint8_t* reuse, int limit, int count)
        : scores_(scores),
          reuse_(reuse),
          spent_from_(limit > 0 ? static_cast<unsigned>(limit) : 256U),
          last_(count - 1) {
        constexpr int kAllThreads = kBlocks * kThreads;
        const int share = (count + kAllThreads - 1) / kAllThreads * kLanes;
        begin_ = static_cast<int>(Cluster<kBlocks>::rank() * kWarps + warp()) * share;
        end_ = min(begin_ + share, count);
        LONGTAKE_UNROLL
        for (int k = 0; k < kHeld; ++k) {
            uses_[k] = reuse[min(place(k), last_)];
        }
    }
    // Those that run: the fresh ones, or, when all of these are chosen anyway, the spent ones.
    __device__ void read_scores(bool among_spent) {
        among_spent_ = among_spent;
        float scores[kHeld];
        LONGTAKE_UNROLL
        for (int k = 0; k < kHeld; ++k) {
            scores[k] = scores_[min(place(k), last_)];
        }
        LONGTAKE_UNROLL
        for (int k = 0; k < kHeld; ++k) {
            keys_[k] = key(k, scores[k], uses_[k]);
        }
    }
    // work(candidate, its key, its uses), all lanes of a warp at once, also those whose candidate
    // is none: that is never chosen.
    template <typename Work> __device__ void each(const Work& work) const {
        LONGTAKE_UNROLL
        for (int k = 0; k < kHeld; ++k) {
            if (begin_ + k * kLanes < end_) {
                work(place(k), keys_[k], uses_[k]);
            }
        }
#pragma unroll 1
        for (int k = kHeld; begin_ + k * kLanes < end_; ++k) {
            const int i = min(place(k), last_);
            const unsigned uses = reuse_[i];
            work(i, key(k, scores_[i], uses), uses);
        }
    }

  private:
    static constexpr int kHeld = 8;

    __device__ int place(int k) const { return begin_ + k * kLanes + static_cast<int>(lane()); }
    __device__ unsigned key(int k, float score, unsigned uses) const {
        const bool spent = uses >= spent_from_;
        const unsigned running = spent == among_spent_ ? key_of(score) : spent ? kNever : kAlways;
        return place(k) < end_ ? running : kNever;
    }

    const float* scores_;
    const uint8_t* reuse_;
    unsigned spent_from_;
    int last_, begin_, end_;
    bool among_spent_ = false;
    unsigned uses_[kHeld], keys_[kHeld];
};

// Of the keys that run: their range, and how many they are with those that are chosen anyway.
struct Field {
    unsigned lowest, highest, count;
};
__device__ constexpr Field kNobody{kAlways, 0, 0};

// What a block works with and the others of its cluster look at.
constexpr int kDigitBits = 11, kDigits = 1 << kDigitBits;
static_assert(kDigits == 4 * kThreads);
struct Shared {
    uint4 counts[2][kThreads];     // of keys with each value of a digit; of every second digit
    unsigned segments[2][kWarps];  // what is counted in a warp's share of them
    Field field_of_warps[kWarps], field;
    unsigned better_of_warps[kWarps], equal_of_warps[kWarps], better, equal;
    unsigned digit, left, there;
};

__device__ Field together(const Field& of_lane) {
    return {__reduce_min_sync(kAll, of_lane.lowest), __reduce_max_sync(kAll, of_lane.highest),
            __reduce_add_sync(kAll, of_lane.count)};
}

template <int kBlocks>
__device__ Field field_of(const Candidates<kBlocks>& candidates, Cluster<kBlocks>& cluster,
                          Shared& shared) {
    Field field =
        kNobody;  // of keys less one and keys and one, which puts those that do not run last
    candidates.each([&](int, unsigned key, unsigned) {
        field.lowest = min(field.lowest, key - 1U);
        field.highest = max(field.highest, key + 1U);
        field.count += key != kNever ? 1 : 0;
    });
    field = together(field);
    if (lane() == 0) {
        shared.field_of_warps[warp()] = field;
    }
    __syncthreads();
    if (warp() == 0) {
        field = together(lane() < kWarps ? shared.field_of_warps[lane()] : kNobody);
        if (lane() == 0) {
            shared.field = field;
        }
    }
    cluster.synchronize();
    field = kNobody;
    if (lane() < kBlocks) {
        field = {cluster.read(shared.field.lowest, lane()),
                 cluster.read(shared.field.highest, lane()),
                 cluster.read(shared.field.count, lane())};
    }
    field = together(field);
    return {field.lowest + 1U, field.highest - 1U, field.count};
}

// What is known of the last one chosen: its key is one of [highest - span, highest], and the best
// `left` of those are chosen.
struct Cut {
    unsigned highest, span, left;
    bool all = false;  // `left` are all of them

    __device__ int shift() const { return max(0, 32 - kDigitBits - __clz(static_cast<int>(span))); }
};

__device__ unsigned sum_to_here(unsigned of_lane) {
    LONGTAKE_UNROLL
    for (unsigned step = 1; step < kLanes; step *= 2) {
        const unsigned before = __shfl_up_sync(kAll, of_lane, step);
        of_lane += lane() >= step ? before : 0;
    }
    return of_lane;
}
__device__ unsigned sum_of(const uint4& four) {
    return four.x + four.y + four.z + four.w;
}

// Where, counted from the first digit, the last of `left` is: one warp.
template <int kBlocks>
__device__ void find_digit(unsigned left, int turn, const Cluster<kBlocks>& cluster,
                           Shared& shared) {
    unsigned of_segment = 0;
    for (unsigned block = 0; block < kBlocks; ++block) {
        of_segment += cluster.read(shared.segments[turn][lane() % kWarps], block);
    }
    of_segment = lane() < kWarps ? of_segment : 0;
    const unsigned to_here = sum_to_here(of_segment);
    const int segment = __ffs(static_cast<int>(__ballot_sync(kAll, to_here >= left))) - 1;
    left -= __shfl_sync(kAll, to_here - of_segment, segment);
    const int at = segment * kLanes + static_cast<int>(lane());
    uint4 sum{};
    LONGTAKE_UNROLL
    for (unsigned block = 0; block < kBlocks; ++block) {
        const uint4 counts = cluster.read(shared.counts[turn][at], block);
        sum.x += counts.x, sum.y += counts.y, sum.z += counts.z, sum.w += counts.w;
    }
    unsigned before = sum_to_here(sum_of(sum)) - sum_of(sum);
    const unsigned four[]{sum.x, sum.y, sum.z, sum.w};
    LONGTAKE_UNROLL
    for (unsigned i = 0; i < 4; ++i) {
        if (before < left && left <= before + four[i]) {
            shared.digit = static_cast<unsigned>(at) * 4 + i;
            shared.left = left - before;
            shared.there = four[i];
        }
        before += four[i];
    }
}

// `cut` and one digit more. Finds this turn's counts zero and leaves those of the next so.
template <int kBlocks>
__device__ Cut narrowed(const Cut& cut, int turn, const Candidates<kBlocks>& candidates,
                        Cluster<kBlocks>& cluster, Shared& shared) {
    auto* counts = reinterpret_cast<unsigned*>(shared.counts[turn]);
    const int shift = cut.shift();
    candidates.each([&](int, unsigned key, unsigned) {
        const unsigned under = cut.highest - key;
        if (under <= cut.span) {
            atomicAdd(&counts[under >> shift], 1U);
        }
    });
    __syncthreads();
    const unsigned segment = __reduce_add_sync(kAll, sum_of(shared.counts[turn][threadIdx.x]));
    if (lane() == 0) {
        shared.segments[turn][warp()] = segment;
    }
    cluster.synchronize();
    shared.counts[1 - turn][threadIdx.x] = {};
    if (warp() == 0) {
        find_digit(cut.left, turn, cluster, shared);
    }
    __syncthreads();
    const unsigned under = shared.digit << shift;
    return {cut.highest - under, min(cut.span - under, (1U << shift) - 1U), shared.left,
            shared.left == shared.there};
}

// How many there are in lower warps and blocks, given how many in this warp.
struct Before {
    unsigned better, equal;
};
template <int kBlocks>
__device__ Before before_here(unsigned better, unsigned equal, Cluster<kBlocks>& cluster,
                              Shared& shared) {
    if (lane() == 0) {
        shared.better_of_warps[warp()] = better;
        shared.equal_of_warps[warp()] = equal;
    }
    __syncthreads();
    better = lane() < kWarps ? shared.better_of_warps[lane()] : 0;
    equal = lane() < kWarps ? shared.equal_of_warps[lane()] : 0;
    if (warp() == 0) {
        shared.better = __reduce_add_sync(kAll, better);
        shared.equal = __reduce_add_sync(kAll, equal);
    }
    cluster.synchronize();
    better = lane() < warp() ? better : 0;
    equal = lane() < warp() ? equal : 0;
    if (lane() < cluster.rank()) {
        better += cluster.read(shared.better, lane());
        equal += cluster.read(shared.equal, lane());
    }
    return {__reduce_add_sync(kAll, better), __reduce_add_sync(kAll, equal)};
}

// One cluster. Larger is better; of equal scores the lower slot is. The spent ones are chosen from
// when there are too few others, all of which are taken then. Finds the key of the last one chosen,
// digit by digit, then writes down whose is not below it.
template <int kBlocks>
__global__ void __launch_bounds__(kThreads)
    select_kernel(const float* scores, uint8_t* reuse, int limit, int count, unsigned wanted,
                  int32_t first, int32_t* order) {
    __shared__ Shared shared;
    Cluster<kBlocks> cluster;
    shared.counts[0][threadIdx.x] = {};
    Candidates<kBlocks> candidates(scores, reuse, limit, count);
    let_next_start();
    wait_for_those_ahead();
    candidates.read_scores(false);
    Field field = field_of(candidates, cluster, shared);
    if (field.count < wanted) {
        wanted -= field.count;
        candidates.read_scores(true);
        cluster.synchronize();  // all have seen the field
        field = field_of(candidates, cluster, shared);
    }
    Cut cut{field.highest, field.highest - field.lowest, wanted};
    for (int turn = 0, shift = 1; shift > 0 && !cut.all; turn = 1 - turn) {
        shift = cut.shift();
        cut = narrowed(cut, turn, candidates, cluster, shared);
    }
    const unsigned from = cut.all ? cut.highest - cut.span : cut.highest + 1U;
    unsigned better = 0, equal = 0;
    candidates.each([&](int, unsigned key, unsigned) {
        better += __popc(__ballot_sync(kAll, key >= from));
        equal += __popc(__ballot_sync(kAll, key == cut.highest));
    });
    Before before = before_here(better, equal, cluster, shared);
    const unsigned lower = (1U << lane()) - 1;
    candidates.each([&](int i, unsigned key, unsigned uses) {
        const unsigned over = __ballot_sync(kAll, key >= from);
        const unsigned same = cut.all ? 0 : __ballot_sync(kAll, key == cut.highest);
        const unsigned rank = before.equal + __popc(same & lower);
        if (key >= from || (!cut.all && key == cut.highest && rank < cut.left)) {
            const unsigned ties = cut.all ? 0 : min(rank, cut.left);
            order[before.better + __popc(over & lower) + ties] = first + i;
            reuse[i] = static_cast<uint8_t>(min(uses + 1, 255U));
        }
        before.better += __popc(over);
        before.equal += __popc(same);
    });
    cluster.synchronize();  // nobody leaves while others look at what is here
}

// Candidates for which one block is enough.
constexpr int64_t kFew = 4096;

}  // namespace

void select_top_cuda(const Tensor& scores, Range candidates, int limit, int64_t count,
                     Tensor& reuse, Tensor& order, GpuStream stream, Start start) {
    if (count == 0) {
        return;
    }
    const auto select = [&](auto kernel, unsigned blocks) {
        launch("select_top", kernel, {blocks, kThreads, 0, blocks, start}, stream,
               scores.data<float>(), reuse.data<uint8_t>() + candidates.begin, limit,
               static_cast<int>(candidates.count()), static_cast<unsigned>(count),
               static_cast<int32_t>(candidates.begin), order.data<int32_t>());
    };
    constexpr int kBlocks = 4;
    if (candidates.count() > kFew && has_clusters()) {
        select(select_kernel<kBlocks>, kBlocks);
    } else {
        select(select_kernel<1>, 1);
    }
}

}  // namespace longtake::generator
