#include "core/launch.cuh"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/rope.h"
#include "diffusion/ops/rope_angle.cuh"
#include "diffusion/ops/row_chunks.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kDim = 128;
// A block takes kTileSlots slots of a head through shared memory.
constexpr int kTileSlots = 32, kThreads = 256;
constexpr int kRowChunks = kDim / kChunk;

// How keys turn: the tables of the two positions that the slots of a tile mostly share.
class Turns {
  public:
    __device__ Turns(const Fp8Change& c, const RopeRates& rates, int pairs, int64_t first)
        : positions_(c.positions), rates_(rates), pairs_(pairs) {
        if (positions_ == nullptr) {
            return;
        }
        known_[0] = positions_[first];
        known_[1] = positions_[min(first + kTileSlots, c.kept.slots) - 1];
        for (int i = static_cast<int>(threadIdx.x); i < 2 * pairs; i += kThreads) {
            table()[i / pairs][i % pairs] = rates.angle(known_[i / pairs], i % pairs);
        }
        __syncthreads();
    }
    __device__ void apply(int64_t slot, int within, float (&key)[kChunk]) const {
        if (positions_ == nullptr || within >= 2 * pairs_) {
            return;
        }
        const float position = positions_[slot];
        const int which = position == known_[0] ? 0 : position == known_[1] ? 1 : -1;
#pragma unroll
        for (int i = 0; i < kChunk; i += 2) {
            const int k = (within + i) / 2;
            if (k < pairs_) {
                turn_pair(key[i], key[i + 1],
                          which >= 0 ? table()[which][k] : rates_.angle(position, k));
            }
        }
    }

  private:
    using Table = float2[2][RopeRates::kMost];
    static __device__ Table& table() {
        __shared__ Table t;
        return t;
    }
    const float* positions_;
    const RopeRates& rates_;
    int pairs_;
    float known_[2] = {};
};

// What became of the slots of a tile: whether any stands elsewhere, and whether any holds other
// rows.
struct TileChange {
    bool positions, contents;
};
__device__ TileChange change_of(const Fp8Change& c, int64_t first) {
    if (c.turned_to == nullptr) {
        return {true, true};
    }
    const int64_t slot = first + threadIdx.x;
    const bool mine = threadIdx.x < kTileSlots && slot < c.kept.slots;
    const float before = mine ? c.turned_to[slot] : 0.F, now = mine ? c.positions[slot] : 0.F;
    return {__syncthreads_or(static_cast<int>(before != now)) != 0,
            __syncthreads_or(static_cast<int>(isnan(before))) != 0};
}

__device__ void quantize_tile(const Fp8Change& c, const RopeRates& rates, int pairs,
                              const Fp8Slots& to) {
    __shared__ alignas(8) __nv_fp8_e4m3 tile[kTileSlots][kDim + 8];
    const int64_t first = c.begin + int64_t{blockIdx.x} * kTileSlots, head = blockIdx.y;
    const int64_t fresh_from = c.kept.slots - c.fresh;
    const TileChange change = change_of(c, first);
    if (!change.positions) {
        return;
    }
    const Turns turns(c, rates, pairs, first);
    const int64_t head_at = head * c.kept.stride * kDim;
    auto* to_keys = static_cast<__nv_fp8_e4m3*>(to.keys) + head * to.stride * kDim;
    auto* to_values = static_cast<uint8_t*>(to.values) + head * to.stride * kDim;
    for (int i = static_cast<int>(threadIdx.x); i < kTileSlots * kRowChunks; i += kThreads) {
        const int row = i / kRowChunks, within = i % kRowChunks * kChunk;
        const int64_t slot = first + row, at = head_at + slot * kDim + within;
        float key[kChunk], value[kChunk] = {};
        if (slot < c.kept.slots) {
            // The slots are the cache's own: it lends them to be read, and, fresh ones, written.
            auto* keys = static_cast<__nv_bfloat16*>(const_cast<void*>(c.kept.keys)) + at;
            auto* values = static_cast<__nv_bfloat16*>(const_cast<void*>(c.kept.values)) + at;
            if (slot >= fresh_from) {
                const int64_t from = ((slot - fresh_from) * gridDim.y + head) * kDim + within;
                load_chunk(static_cast<const __nv_bfloat16*>(c.fresh_keys) + from, key);
                load_chunk(static_cast<const __nv_bfloat16*>(c.fresh_values) + from, value);
                store_chunk(keys, key);
                store_chunk(values, value);
            } else {
                load_chunk(keys, key);
                if (change.contents) {
                    load_chunk(values, value);
                }
            }
            turns.apply(slot, within, key);
            store_chunk(to_keys + slot * kDim + within, key);
        }
        store_chunk(&tile[row][within], value);
    }
    if (!change.contents) {
        return;
    }
    __syncthreads();
    constexpr int kWords = kTileSlots / 4;  // of a dimension: four slots each, see Fp8Slots
    for (int i = static_cast<int>(threadIdx.x); i < kDim * kWords; i += kThreads) {
        const int dim = i / kWords, word = i % kWords;
        const int row = word / 4 * 16 + word % 4 * 2;
        const auto at = [&](int r) { return unsigned{tile[r][dim].__x}; };
        const unsigned bytes = at(row) | at(row + 1) << 8 | at(row + 8) << 16 | at(row + 9) << 24;
        if (first + 4 * word < to.stride) {
            *reinterpret_cast<unsigned*>(to_values + dim * to.stride + first + 4 * word) = bytes;
        }
    }
}

__global__ void __launch_bounds__(kThreads)
    attention_quantize_kernel(const __grid_constant__ Fp8Change c,
                              const __grid_constant__ RopeRates rates, int pairs, Fp8Slots to) {
    quantize_tile(c, rates, pairs, to);
    end_after_those_ahead();
}

}  // namespace

void attention_quantize_cuda(const Fp8Change& change, int64_t heads, const Fp8Slots& to,
                             GpuStream stream) {
    Fp8Change c = change;
    c.begin = c.begin / kTileSlots * kTileSlots;
    if (c.begin >= c.kept.slots) {
        return;
    }
    const auto pairs = static_cast<int>(RopeAxes(kDim).time);
    const dim3 blocks(static_cast<unsigned>((c.kept.slots - c.begin + kTileSlots - 1) / kTileSlots),
                      static_cast<unsigned>(heads));
    launch("attention_quantize", attention_quantize_kernel,
           {.blocks = blocks, .threads = kThreads, .start = c.start}, stream, c,
           RopeRates(pairs, kRopeTheta), pairs, to);
}

}  // namespace longtake::diffusion
