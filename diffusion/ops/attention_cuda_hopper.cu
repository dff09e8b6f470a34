#include "diffusion/ops/attention_cuda.h"
#include "diffusion/ops/attention_hopper_formats.cuh"
#include "diffusion/ops/attention_hopper_schedule.cuh"
#include "diffusion/ops/attention_hopper_softmax.cuh"
#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/hopper.cuh"
#include "diffusion/ops/tensor_map_cuda.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

// FlashAttention-3 (Shah et al. 2024) for heads of 128: a block's last group of warps brings keys
// and values to shared memory by the copy engine; two or three others hold 64 queries each, so that
// some multiply at the matrix unit while others weigh. In bf16, whose exponentials take long, the
// weights of a block of keys are computed while the values of the one before are added.
namespace longtake::diffusion {
namespace {

using hopper::Bf16;
using hopper::exp2_fast;
using hopper::Fp8;
using hopper::kAll;
using hopper::kLine;
using hopper::kRowGroup;
using hopper::Schedule;
using hopper::Segment;

constexpr int kDim = 128;
constexpr int kGroupRows = 64, kGroupThreads = 128;
template <class F> constexpr int kQueries = kGroupRows * F::kGroups;  // of a tile
template <class F> constexpr int kThreads = (F::kGroups + 1) * kGroupThreads;

// What a block of the grid made of some of a tile's keys.
struct Pieces {
    float* sums;    // [2 grid, queries of a tile, kDim], not divided
    float2* scale;  // [2 grid, queries of a tile]: the largest logit in units of log2, the total of
                    // weights
};

struct HopperProblem {
    TensorMap q, keys, values;
    const __nv_bfloat16* queries;  // what `q` maps
    __nv_bfloat16* out;            // [rows, heads, kDim]
    Pieces pieces;
    Schedule schedule;
    int rows, heads, slots;
    float scale;  // from products to logits; in fp8 queries are multiplied by it
    HeadList list;
};

template <class F> struct alignas(1024) Stages {
    uint8_t keys[F::kStages][F::kLines][F::kKeys][kLine];
    uint8_t values[F::kStages][F::kLines][F::kValueRows + F::kOnes][kLine];
    hopper::Barrier keys_full[F::kStages], keys_empty[F::kStages];
    hopper::Barrier values_full[F::kStages], values_empty[F::kStages];
};
template <class F> struct Shared : Stages<F> {};
template <> struct Shared<Bf16> : Stages<Bf16> {  // whose queries do not fit registers
    alignas(1024) uint8_t q[Bf16::kLines][kQueries<Bf16>][kLine];
    hopper::Barrier q_full, q_empty;
};

// A place in a ring of stages and the parity of its round.
template <int kStages> struct Turn {
    int stage = 0;
    unsigned parity = 0;
    __device__ void next() {
        if (++stage == kStages) {
            stage = 0;
            parity ^= 1;
        }
    }
};

template <class F> __device__ void produce(const HopperProblem& p, Shared<F>& s) {
    constexpr unsigned kKeyBytes = sizeof(s.keys[0]),
                       kValueBytes = F::kLines * F::kValueRows * kLine;
    Turn<F::kStages> turn;
    unsigned q_parity = 0;
    hopper::for_each_segment(p.schedule, [&](const Segment& segment) {
        const int head = p.list[segment.tile / p.schedule.row_blocks];
        const int row = segment.tile % p.schedule.row_blocks * kQueries<F>;
        if constexpr (std::is_same_v<F, Bf16>) {
            s.q_empty.wait(q_parity ^ 1);
            q_parity ^= 1;
            s.q_full.arrive_and_expect(sizeof(s.q));
            hopper::load_box(s.q, p.q, s.q_full, 0, row, 0, head);
        }
        for (int b = segment.end - 1; b >= segment.begin; --b, turn.next()) {
            const int first = b * F::kKeys, x = std::is_same_v<F, Bf16> ? 0 : first;
            s.keys_empty[turn.stage].wait(turn.parity ^ 1);
            s.keys_full[turn.stage].arrive_and_expect(kKeyBytes);
            hopper::load_box(s.keys[turn.stage], p.keys, s.keys_full[turn.stage], 0, first, 0,
                             head);
            s.values_empty[turn.stage].wait(turn.parity ^ 1);
            s.values_full[turn.stage].arrive_and_expect(kValueBytes);
            hopper::load_box(s.values[turn.stage], p.values, s.values_full[turn.stage], x,
                             first - x, 0, head);
        }
    });
}

// The queries of a group of warps. Thread i of a warp, with g = i / 4 and t = i % 4, has of every
// eight columns (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1), here and in all products.
template <class F> class Group {
  public:
    __device__ Group(const HopperProblem& p, Shared<F>& s, int group)
        : p_(p),
          s_(s),
          group_(group),
          thread_(threadIdx.x % kGroupThreads),
          keys_(hopper::tile_at(s.keys[0], kRowGroup)),
          values_(F::values_at(s.values[0][0][0])),
          softmax_(p.scale) {
        if constexpr (std::is_same_v<F, Bf16>) {
            queries_ = hopper::tile_at(s.q[0][group * kGroupRows], kRowGroup);
        }
    }

    __device__ void attend(const Segment& segment, Turn<F::kStages>& turn, unsigned q_parity) {
#pragma unroll
        for (int i = 0; i < F::kSums; ++i) {
            sums_[i] = 0;
        }
        softmax_.begin();
        if constexpr (std::is_same_v<F, Bf16>) {
            s_.q_full.wait(q_parity);
        } else {
            load_queries(segment);
        }

        s_.keys_full[turn.stage].wait(turn.parity);
        take_turn();
        multiply_keys(turn.stage);
        pass_turn();
        hopper::wait_for_products<0>();
        hopper::settle(logits_);
        release(s_.keys_empty[turn.stage]);
        // Only the last keys of all can be missing.
        softmax_.hide_missing(logits_, p_.slots - (segment.end - 1) * F::kKeys);
        softmax_.weigh(logits_);
        softmax_.pack(logits_, weights_);
        for (int b = segment.end - 2; b >= segment.begin; --b) {
            Turn<F::kStages> ahead = turn;
            ahead.next();
            s_.keys_full[ahead.stage].wait(ahead.parity);
            take_turn();
            multiply_keys(ahead.stage);
            s_.values_full[turn.stage].wait(turn.parity);
            add_values(turn.stage);
            pass_turn();
            hopper::wait_for_products<1>();
            hopper::settle(logits_);
            release(s_.keys_empty[ahead.stage]);
            softmax_.weigh(logits_);
            finish_values();
            release(s_.values_empty[turn.stage]);
            softmax_.pack(logits_, weights_);
            turn = ahead;
        }
        if constexpr (std::is_same_v<F, Bf16>) {
            release(s_.q_empty);
        }
        s_.values_full[turn.stage].wait(turn.parity);
        add_values(turn.stage);
        wait_for_values();
        release(s_.values_empty[turn.stage]);
        turn.next();
        store(segment);
    }

    // Lets the first group begin.
    __device__ void open_turns() const {
        if (group_ == F::kGroups - 1) {
            pass_turn();
        }
    }

  private:
    // Which group may hand work to the matrix unit: barriers 1 and 2.
    __device__ void take_turn() const {
        if constexpr (F::kTakesTurns) {
            hopper::wait_at(1 + group_, F::kGroups * kGroupThreads);
        }
    }
    __device__ void pass_turn() const {
        if constexpr (F::kTakesTurns) {
            hopper::arrive_at(1 + (group_ + 1) % F::kGroups, F::kGroups * kGroupThreads);
        }
    }
    __device__ void release(hopper::Barrier& barrier) const {
        if (thread_ % 32 == 0) {
            barrier.arrive();
        }
    }

    // This group's queries in fp8, as the matrix unit takes them from registers: four neighbours of
    // the rows g and g + 8, then of the second half of 32 bytes.
    __device__ void load_queries(const Segment& segment) {
        const int head = p_.list[segment.tile / p_.schedule.row_blocks];
        const int first = segment.tile % p_.schedule.row_blocks * kQueries<F> + first_row();
#pragma unroll
        for (int i = 0; i < kDim / 32 * 4; ++i) {
            const int row = first + i % 2 * 8;
            const int column = i / 4 * 32 + i % 4 / 2 * 16 + thread_ % 4 * 4;
            queries_[i / 4][i % 4] = 0;
            if (row < p_.rows) {
                const auto* from = reinterpret_cast<const __nv_bfloat162*>(
                    p_.queries + (int64_t{row} * p_.heads + head) * kDim + column);
                const float2 a = __bfloat1622float2(from[0]), b = __bfloat1622float2(from[1]);
                queries_[i / 4][i % 4] = pack_fp8(a.x * p_.scale, a.y * p_.scale) |
                                         pack_fp8(b.x * p_.scale, b.y * p_.scale) << 16;
            }
        }
    }
    // Of the tile's, the row g of this thread.
    __device__ int first_row() const {
        return group_ * kGroupRows + thread_ / 32 * 16 + thread_ % 32 / 4;
    }

    // logits = queries * keys, under way.
    __device__ void multiply_keys(int stage) {
        hopper::settle(logits_);
        hopper::begin_products();
        const uint64_t keys = hopper::moved(keys_, stage * sizeof(s_.keys[0]));
#pragma unroll
        for (int step = 0; step < F::kLines * kLine / 32; ++step) {
            const int line = step / (kLine / 32), at = step % (kLine / 32) * 32;
            const uint64_t these = hopper::moved(keys, line * sizeof(s_.keys[0][0]) + at);
            if constexpr (std::is_same_v<F, Bf16>) {
                F::multiply(logits_, hopper::moved(queries_, line * sizeof(s_.q[0]) + at), these,
                            step > 0);
            } else {
                F::multiply(logits_, queries_[step], these, step > 0);
            }
        }
        hopper::commit_products();
    }

    // sums += weights * values, under way.
    __device__ void add_values(int stage) {
        hopper::settle(sums_);
        hopper::begin_products();
        const uint64_t values = hopper::moved(values_, stage * sizeof(s_.values[0]));
#pragma unroll
        for (int step = 0; step < F::kSteps; ++step) {
            F::add(sums_, weights_[step], hopper::moved(values, step * F::kStepBytes));
        }
        hopper::commit_products();
    }

    // Until `sums_` have the values of the last block.
    __device__ void wait_for_values() {
        hopper::wait_for_products<0>();
        hopper::settle(sums_);
        if constexpr (F::kOnes > 0) {
            softmax_.take_totals(sums_);
        }
    }
    // The same, and relative to the largest logits of now; most blocks raise no row's, then nothing
    // shrinks.
    __device__ void finish_values() {
        wait_for_values();
        if (__any_sync(kAll, softmax_.shrinks())) {
            softmax_.shrink(sums_);
            hopper::settle(sums_);  // keeps this a branch
        }
    }

    __device__ void store(const Segment& segment) {
        const int head = p_.list[segment.tile / p_.schedule.row_blocks];
        const int first = segment.tile % p_.schedule.row_blocks * kQueries<F>;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const float2 scale = softmax_.scale_of(half);
            const int local = first_row() + 8 * half;
            const int row = first + local, column = thread_ % 4 * 2;
            if (segment.piece >= 0) {
                const int64_t at = int64_t{segment.piece} * kQueries<F> + local;
                if (column == 0) {
                    p_.pieces.scale[at] = scale;
                }
#pragma unroll
                for (int i = 0; i < kDim / 8; ++i) {
                    *reinterpret_cast<float2*>(p_.pieces.sums + at * kDim + 8 * i + column) = {
                        sums_[4 * i + 2 * half], sums_[4 * i + 2 * half + 1]};
                }
            } else if (row < p_.rows) {
                const int64_t at = (int64_t{row} * p_.heads + head) * kDim + column;
                const float inverse = 1.F / scale.y;
#pragma unroll
                for (int i = 0; i < kDim / 8; ++i) {
                    *reinterpret_cast<unsigned*>(p_.out + at + 8 * i) = pack(
                        sums_[4 * i + 2 * half] * inverse, sums_[4 * i + 2 * half + 1] * inverse);
                }
            }
        }
    }

    const HopperProblem& p_;
    Shared<F>& s_;
    const int group_, thread_;
    const uint64_t keys_, values_;  // as the matrix unit finds them, of the first stage
    typename F::Queries queries_;
    hopper::Softmax<F> softmax_;
    typename F::Logit logits_[F::kLogits];
    float sums_[F::kSums];
    unsigned weights_[F::kSteps][4];
};

template <class F>
__global__ void __launch_bounds__(kThreads<F>, 1)
    attention_hopper_kernel(const __grid_constant__ HopperProblem p) {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
    extern __shared__ uint8_t memory[];
    auto& s =
        *reinterpret_cast<Shared<F>*>((reinterpret_cast<uintptr_t>(memory) + 1023) & ~1023ULL);
    if constexpr (F::kOnes > 0) {
        constexpr int kWords = F::kOnes * kLine / 4;
        for (int i = static_cast<int>(threadIdx.x); i < F::kStages * kWords; i += kThreads<F>) {
            auto* ones = reinterpret_cast<unsigned*>(s.values[i / kWords][0][F::kValueRows]);
            ones[i % kWords] = 0x38383838;
        }
        hopper::publish_shared();
    }
    if (threadIdx.x == 0) {
        constexpr unsigned kWarps = F::kGroups * kGroupThreads / 32;
        if constexpr (std::is_same_v<F, Bf16>) {
            s.q_full.init(1);
            s.q_empty.init(kWarps);
        }
        for (int i = 0; i < F::kStages; ++i) {
            s.keys_full[i].init(1);
            s.keys_empty[i].init(kWarps);
            s.values_full[i].init(1);
            s.values_empty[i].init(kWarps);
        }
        hopper::fence_barriers();
    }
    __syncthreads();
    const int group = static_cast<int>(threadIdx.x) / kGroupThreads;
    if (group == F::kGroups) {
        hopper::shrink_registers<24>();
        if (threadIdx.x == F::kGroups * kGroupThreads) {
            produce(p, s);
        }
    } else {
        hopper::grow_registers<F::kRegisters>();
        Group<F> rows(p, s, group);
        rows.open_turns();
        Turn<F::kStages> turn;
        unsigned q_parity = 0;
        hopper::for_each_segment(p.schedule, [&](const Segment& segment) {
            rows.attend(segment, turn, q_parity);
            q_parity ^= 1;
        });
    }
#endif
}

// The pieces of a tile, each relative to its own largest logit, to one result. A block takes eight
// rows, a warp one of them, a thread two neighbours in each half.
template <class F>
__global__ void attention_combine_kernel(const __grid_constant__ HopperProblem p) {
    const Schedule& s = p.schedule;
    const int tile = s.rounds() * s.grid + static_cast<int>(blockIdx.x);
    const int local = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
    const int row = tile % s.row_blocks * kQueries<F> + local;
    if (row >= p.rows) {
        return;
    }
    const int64_t begin = int64_t{blockIdx.x} * s.key_blocks, end = begin + s.key_blocks;
    float largest = -INFINITY, total = 0;
    float2 sums[2] = {};
    const int first = static_cast<int>(begin * s.grid / (int64_t{s.rest()} * s.key_blocks));
    for (int block = first; block < s.grid && s.part(block) < end; ++block) {
        if (s.part(block + 1) <= begin || s.part(block + 1) == s.part(block)) {
            continue;
        }
        const int piece = 2 * block + (s.part(block) < begin ? 1 : 0);
        const int64_t at = int64_t{piece} * kQueries<F> + local;
        const float2 scale = p.pieces.scale[at];
        const float top = fmaxf(largest, scale.x);
        const float old = exp2_fast(largest - top), fresh = exp2_fast(scale.x - top);
        largest = top;
        total = total * old + scale.y * fresh;
        const auto* from = reinterpret_cast<const float2*>(p.pieces.sums + at * kDim);
#pragma unroll
        for (int i = 0; i < 2; ++i) {
            const float2 more = from[32 * i + threadIdx.x];
            sums[i].x = sums[i].x * old + more.x * fresh;
            sums[i].y = sums[i].y * old + more.y * fresh;
        }
    }
    const int head = p.list[tile / s.row_blocks];
    const int64_t at = (int64_t{row} * p.heads + head) * kDim + 2 * threadIdx.x;
    const float inverse = 1.F / total;
    auto* to = reinterpret_cast<unsigned*>(p.out + at);
    to[0] = pack(sums[0].x * inverse, sums[0].y * inverse);
    to[kDim / 4] = pack(sums[1].x * inverse, sums[1].y * inverse);
}

// Rows of heads in boxes of `box_rows` rows and all of a head. The dimensions of the map: half a
// head, rows, halves, heads.
TensorMap heads_in_halves(const void* data, int64_t rows, int64_t row_stride, int64_t heads,
                          int64_t head_stride, unsigned box_rows) {
    constexpr int kHalf = kDim / 2;
    return tensor_map(data, DType::BF16, {kHalf, rows, 2, heads}, {row_stride, kHalf, head_stride},
                      {kHalf, box_rows, 2, 1});
}

// Bytes [heads, rows, columns] in boxes of `box_rows` rows of kLine.
TensorMap bytes_of(const void* data, int64_t columns, int64_t rows, int64_t row_stride,
                   int64_t heads, int64_t head_stride, unsigned box_rows) {
    return tensor_map(data, DType::U8, {columns, rows, 1, heads},
                      {row_stride, head_stride, head_stride}, {kLine, box_rows, 1, 1});
}

template <class F> void launch(const HopperProblem& p, GpuStream stream) {
    constexpr int kBytes = sizeof(Shared<F>) + 1024;  // and what aligning it takes
    cuda_check(cudaFuncSetAttribute(attention_hopper_kernel<F>,
                                    cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes),
               "attention's shared memory");
    attention_hopper_kernel<F>
        <<<static_cast<unsigned>(p.schedule.grid), kThreads<F>, kBytes, stream>>>(p);
    cuda_check_launch("attention");
    if (p.schedule.rest() > 0) {
        const dim3 blocks(static_cast<unsigned>(p.schedule.rest()), kQueries<F> / 8);
        attention_combine_kernel<F><<<blocks, dim3(32, 8), 0, stream>>>(p);
        cuda_check_launch("attention's pieces");
    }
}

template <class F>
void attend(const AttentionProblem& p, const TensorMap& q, const TensorMap& keys,
            const TensorMap& values, Workspace& workspace) {
    const int row_blocks = static_cast<int>((p.rows + kQueries<F> - 1) / kQueries<F>);
    const int grid = cuda_attribute(cudaDevAttrMultiProcessorCount);
    const size_t pieces = 2 * static_cast<size_t>(grid) * kQueries<F>;
    auto* room = static_cast<std::byte*>(
        workspace.scratch(pieces * (kDim * sizeof(float) + sizeof(float2))));
    launch<F>({.q = q,
               .keys = keys,
               .values = values,
               .queries = static_cast<const __nv_bfloat16*>(p.q),
               .out = static_cast<__nv_bfloat16*>(p.out),
               .pieces = {.sums = reinterpret_cast<float*>(room),
                          .scale = reinterpret_cast<float2*>(room + pieces * kDim * sizeof(float))},
               .schedule = {.tiles = row_blocks * static_cast<int>(p.listed()),
                            .key_blocks = static_cast<int>((p.slots + F::kKeys - 1) / F::kKeys),
                            .row_blocks = row_blocks,
                            .grid = grid},
               .rows = static_cast<int>(p.rows),
               .heads = static_cast<int>(p.heads),
               .slots = static_cast<int>(p.slots),
               .scale = F::kUnits * 1.4426950408889634F / std::sqrt(static_cast<float>(kDim)),
               .list = p.list},
              workspace.stream());
}

}  // namespace

bool attention_cuda_hopper_fits(const AttentionProblem& p) {
    return (p.dtype == DType::BF16 || p.dtype == DType::F8E4M3) && p.head_dim == kDim &&
           p.key_bias == nullptr && (p.slots >= Bf16::kKeys || p.dtype == DType::F8E4M3) &&
           cuda_attribute(cudaDevAttrComputeCapabilityMajor) == 9;
}

void attention_cuda_hopper(const AttentionProblem& p, Workspace& workspace) {
    const int64_t head = p.stride * kDim;  // elements
    if (p.dtype == DType::BF16) {
        const auto rows = [&](const void* data) {
            return heads_in_halves(data, p.slots, kDim, p.heads, head, Bf16::kKeys);
        };
        attend<Bf16>(p, heads_in_halves(p.q, p.rows, p.heads * kDim, p.heads, kDim, kQueries<Bf16>),
                     rows(p.keys), rows(p.values), workspace);
    } else {  // queries are rounded on the way; slots change places among 16
        const int64_t places = (p.slots + 15) / 16 * 16;
        attend<Fp8>(p, {}, bytes_of(p.keys, kDim, p.slots, kDim, p.heads, head, Fp8::kKeys),
                    bytes_of(p.values, places, kDim, p.stride, p.heads, head, kDim), workspace);
    }
}

}  // namespace longtake::diffusion
