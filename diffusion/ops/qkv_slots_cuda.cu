#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/qkv_slots.h"
#include "diffusion/ops/rope_angle.cuh"
#include "diffusion/ops/rope_table.cuh"
#include "diffusion/ops/row_chunks.cuh"

#include <algorithm>
#include <type_traits>

namespace longtake::diffusion {
namespace {

using Bf16 = __nv_bfloat16;
using Fp8 = __nv_fp8_e4m3;

// The slots of a block: those of fp8 that change places among themselves. A warp takes a row of
// them at a time, but for values in fp8.
constexpr int kSlots = 16;
constexpr int kMaxPairs = 64;

struct QkvProblem {
    const Bf16* qkv;  // [takes * rows, 3 d]
    const float *q_weight, *k_weight;
    Bf16* q;
    KvTarget targets[kMostTakes];
    TableAngles angles;
    int64_t rows;            // of a take
    int d, head_dim, pairs;  // pairs of a head that turn in time
    float eps;
};

__device__ float rounded(float v) {
    return __bfloat162float(__float2bfloat16_rn(v));
}

// How the keys of a block's slots turn: a table for every frame among them.
template <typename T> class SlotTurns {
  public:
    __device__ SlotTurns(const float* positions, int pairs, const RopeRates& rates, int64_t first,
                         int64_t last)
        : first_(positions[first]), pairs_(pairs) {
        const int frames = static_cast<int>(positions[last] - first_) + 1;
        for (int i = static_cast<int>(threadIdx.x); i < frames * pairs_; i += kRowThreads) {
            const float position = first_ + static_cast<float>(i / pairs_);
            // As the memory turns slots of this type.
            if constexpr (std::is_same_v<T, Fp8>) {
                table()[i / pairs_][i % pairs_] = rates.angle(position, i % pairs_);
            } else {
                table()[i / pairs_][i % pairs_] =
                    rope_angle(position, i % pairs_, pairs_, kRopeTheta);
            }
        }
        __syncthreads();
    }
    __device__ float2 of(float position, int pair) const {
        return pair < pairs_ ? table()[static_cast<int>(position - first_)][pair]
                             : make_float2(1.F, 0.F);
    }

  private:
    using Table = float2[kSlots][kMaxPairs];
    static __device__ Table& table() {
        __shared__ Table t;
        return t;
    }
    float first_;
    int pairs_;
};

// A row in the registers of a warp, as it came. A thread's chunks are 256 elements apart, a
// multiple of head_dim, and so of one place in their heads.
template <int kChunks> class Row {
  public:
    __device__ Row(const QkvProblem& p, int64_t row, int part)
        : p_(p), row_(row), within_(static_cast<int>(threadIdx.x) % 32 * kChunk % p.head_dim) {
        const Bf16* from = p.qkv + (row * 3 + part) * p.d;
        places([&](int c, int at) { chunks_[c] = *reinterpret_cast<const uint4*>(from + at); });
    }
    // The place of the thread's chunks in their heads.
    __device__ int within() const { return within_; }

    // work(first column, eight values as they came)
    template <typename Work> __device__ void each(const Work& work) const {
        places([&](int c, int at) {
            float v[kChunk];
            load_chunk(reinterpret_cast<const Bf16*>(&chunks_[c]), v);
            work(at, v);
        });
    }
    // The same, normed and rotated.
    template <typename Work>
    __device__ void each_normed(const float* weight, bool with_time, const Work& work) const {
        TableAngles angles = p_.angles;
        angles.with_time = with_time;
        float2 turns[kChunk / 2];
#pragma unroll
        for (int i = 0; i < kChunk / 2; ++i) {
            turns[i] = angles.of(static_cast<int>(row_), within_ / 2 + i);
        }
        const float scale = rsqrtf(squares() / static_cast<float>(p_.d) + p_.eps);
        each([&](int at, float(&v)[kChunk]) {
            float w[kChunk];
            load_chunk(weight + at, w);
#pragma unroll
            for (int i = 0; i < kChunk; i += 2) {
                v[i] = v[i] * scale * w[i];
                v[i + 1] = v[i + 1] * scale * w[i + 1];
                turn_pair(v[i], v[i + 1], turns[i / 2]);
            }
            work(at, v);
        });
    }

  private:
    template <typename Work> __device__ void places(const Work& work) const {
#pragma unroll
        for (int c = 0; c < kChunks; ++c) {
            const int at = (32 * c + static_cast<int>(threadIdx.x) % 32) * kChunk;
            if (c < kChunks - 2 || at < p_.d) {  // see with_chunks
                work(c, at);
            }
        }
    }
    __device__ float squares() const {
        float sum = 0;
        each([&](int, const float(&v)[kChunk]) {
#pragma unroll
            for (int i = 0; i < kChunk; ++i) {
                sum += v[i] * v[i];
            }
        });
        return warp_sum(sum);
    }

    const QkvProblem& p_;
    int64_t row_;
    int within_;
    uint4 chunks_[kChunks];
};

// Where a slot's chunks go: [heads, stride, head_dim].
template <typename T> class SlotPlace {
  public:
    __device__ SlotPlace(void* to, int64_t stride, int64_t slot, int head_dim, int within)
        : to_(static_cast<T*>(to) + slot * head_dim + within), stride_(stride), within_(within) {}
    __device__ void store(int at, const float (&v)[kChunk]) const {
        store_chunk(to_ + (at - within_) * stride_, v);
    }

  private:
    T* to_;
    int64_t stride_;
    int within_;
};

__device__ float element(const uint2& quad, int i) {
    const unsigned word = i < 2 ? quad.x : quad.y;
    return __uint_as_float(i % 2 == 0 ? word << 16 : word & 0xffff0000U);
}

// Threads for four dimensions each of the values of a block's slots in fp8, [heads, head_dim,
// stride]: a thread takes them of all slots and turns rows to columns in its registers. Four slots
// that are neighbours in Fp8Slots' order go to a word. `first_row`: of the take's.
__device__ void store_values(const QkvProblem& p, const KvTarget& target, int64_t first_row,
                             int64_t block, int64_t begin, int64_t end, int thread) {
    const bool whole = end - begin == kSlots;
    const int at = thread * kQuad, within = at % p.head_dim;
    if (at >= p.d) {
        return;
    }
    uint2 rows[kSlots];
#pragma unroll
    for (int i = 0; i < kSlots; ++i) {
        const int64_t slot = block + i;
        rows[i] = {};
        if (whole || (slot >= begin && slot < end)) {
            rows[i] = *reinterpret_cast<const uint2*>(
                p.qkv + ((first_row + slot - target.first) * 3 + 2) * p.d + at);
        }
    }
    if (target.kept_values != nullptr) {
        auto* kept = static_cast<Bf16*>(target.kept_values) + (at - within) * target.kept_stride +
                     block * p.head_dim + within;
#pragma unroll
        for (int i = 0; i < kSlots; ++i) {
            if (whole || (block + i >= begin && block + i < end)) {
                *reinterpret_cast<uint2*>(kept + i * p.head_dim) = rows[i];
            }
        }
    }
    auto* to = static_cast<uint8_t*>(target.values) + at * target.stride + block;
#pragma unroll
    for (int k = 0; k < kQuad; ++k, to += target.stride) {
        unsigned words[4];
#pragma unroll
        for (int w = 0; w < 4; ++w) {
            const int i = 2 * w;
            words[w] = fp8_quad(element(rows[i], k), element(rows[i + 1], k),
                                element(rows[i + 8], k), element(rows[i + 9], k));
        }
        if (whole) {
            *reinterpret_cast<uint4*>(to) = {words[0], words[1], words[2], words[3]};
            continue;
        }
#pragma unroll
        for (int b = 0; b < kSlots; ++b) {
            const int64_t slot = block + b / 4 * 2 + b % 2 + b / 2 % 2 * 8;
            if (slot >= begin && slot < end) {
                to[b] = static_cast<uint8_t>(words[b / 4] >> b % 4 * 8);
            }
        }
    }
}

// Which part of its slots a block takes: queries, keys, or so many fours of the values.
constexpr int kQueries = 0, kKeys = 1, kValues = 2;

template <int kChunks, typename T>
__global__ void __launch_bounds__(kRowThreads, 3)
    qkv_slots_kernel(const __grid_constant__ QkvProblem p,
                     const __grid_constant__ RopeRates rates) {
    const KvTarget& to = p.targets[blockIdx.y];
    const int part = static_cast<int>(blockIdx.z);
    const int64_t first_row = blockIdx.y * p.rows;
    const int64_t block = (to.first / kSlots + blockIdx.x) * kSlots;  // its first slot
    const int64_t begin = max(block, to.first);
    const int64_t end = min(block + kSlots, to.first + p.rows);
    if (begin >= end) {  // another take's rows lie in a block more
        return;
    }
    const auto each = [&](const auto& work) {
        for (int64_t slot = begin + threadIdx.x / 32; slot < end; slot += kRowsPerBlock) {
            const int64_t row = first_row + slot - to.first;
            work(slot, row, Row<kChunks>(p, row, part));
        }
    };
    if (part == kQueries) {
        each([&](int64_t, int64_t at, const Row<kChunks>& row) {
            row.each_normed(p.q_weight, true, [&](int column, const float(&v)[kChunk]) {
                store_chunk(p.q + at * p.d + column, v);
            });
        });
    } else if (part == kKeys) {
        const SlotTurns<T> turns(to.positions, p.pairs, rates, begin, end - 1);
        each([&](int64_t slot, int64_t, const Row<kChunks>& row) {
            const SlotPlace<Bf16> kept(to.kept_keys, to.kept_stride, slot, p.head_dim,
                                       row.within());
            const SlotPlace<T> turned(to.keys, to.stride, slot, p.head_dim, row.within());
            float2 angles[kChunk / 2];
#pragma unroll
            for (int i = 0; i < kChunk / 2; ++i) {
                angles[i] = turns.of(to.positions[slot], row.within() / 2 + i);
            }
            row.each_normed(p.k_weight, false, [&](int column, float(&v)[kChunk]) {
                if (to.kept_keys != nullptr) {
                    kept.store(column, v);
                }
#pragma unroll
                for (int i = 0; i < kChunk; i += 2) {
                    v[i] = rounded(v[i]);
                    v[i + 1] = rounded(v[i + 1]);
                    turn_pair(v[i], v[i + 1], angles[i / 2]);
                }
                turned.store(column, v);
            });
        });
    } else if constexpr (std::is_same_v<T, Fp8>) {
        const int thread = (part - kValues) * kRowThreads + static_cast<int>(threadIdx.x);
        store_values(p, to, first_row, block, begin, end, thread);
    } else {
        each([&](int64_t slot, int64_t, const Row<kChunks>& row) {
            const SlotPlace<Bf16> kept(to.kept_values, to.kept_stride, slot, p.head_dim,
                                       row.within());
            const SlotPlace<T> read(to.values, to.stride, slot, p.head_dim, row.within());
            row.each([&](int column, const float(&v)[kChunk]) {
                if (to.kept_values != nullptr) {
                    kept.store(column, v);
                }
                read.store(column, v);
            });
        });
    }
}

template <typename T> void launch(const QkvProblem& p, size_t takes, GpuStream stream) {
    const RopeRates rates(std::is_same_v<T, Fp8> ? p.pairs : 0, kRopeTheta);
    int64_t blocks = 0;
    for (size_t i = 0; i < takes; ++i) {
        const int64_t first = p.targets[i].first;
        blocks = std::max(blocks, (first + p.rows - 1) / kSlots - first / kSlots + 1);
    }
    const int of_values =
        std::is_same_v<T, Fp8> ? (p.d + kQuad * kRowThreads - 1) / (kQuad * kRowThreads) : 1;
    const dim3 grid(static_cast<unsigned>(blocks), static_cast<unsigned>(takes),
                    static_cast<unsigned>(kValues + of_values));
    with_chunks(p.d, [&](auto chunks) {
        qkv_slots_kernel<chunks.value, T><<<grid, kRowThreads, 0, stream>>>(p, rates);
    });
    cuda_check_launch("qkv_to_slots");
}

}  // namespace

bool qkv_to_slots_cuda(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight,
                       double eps, const RopeTable& table, Tensor& q,
                       std::span<const KvTarget> targets, GpuStream stream) {
    const int64_t head_dim = q.extent(2), d = q.extent(1) * head_dim, pairs = table.axes().time;
    const bool fp8 = targets[0].dtype == DType::F8E4M3;
    const auto fits = [&](const KvTarget& to) {
        return fits_chunks(d, qkv.extent(1),
                           {qkv.raw(), q_weight.raw(), k_weight.raw(), q.raw(), to.keys, to.values,
                            to.kept_keys, to.kept_values});
    };
    if (qkv.dtype() != DType::BF16 || q.dtype() != DType::BF16 || 32 * kChunk % head_dim != 0 ||
        head_dim % kChunk != 0 || pairs > (fp8 ? RopeRates::kMost : kMaxPairs) ||
        targets.size() > kMostTakes || !std::ranges::all_of(targets, fits)) {
        return false;
    }
    QkvProblem problem{.qkv = static_cast<const Bf16*>(qkv.raw()),
                       .q_weight = q_weight.data<float>(),
                       .k_weight = k_weight.data<float>(),
                       .q = static_cast<Bf16*>(q.raw()),
                       .targets = {},
                       .angles = angles_of(&table, true),
                       .rows = qkv.extent(0) / std::ssize(targets),
                       .d = static_cast<int>(d),
                       .head_dim = static_cast<int>(head_dim),
                       .pairs = static_cast<int>(pairs),
                       .eps = static_cast<float>(eps)};
    std::ranges::copy(targets, problem.targets);
    fp8 ? launch<Fp8>(problem, targets.size(), stream)
        : launch<Bf16>(problem, targets.size(), stream);
    return true;
}

}  // namespace longtake::diffusion
