#include "core/host_device.h"
#include "core/launch.cuh"
#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/rope.h"
#include "diffusion/ops/rope_angle.cuh"
#include "diffusion/ops/row_chunks.cuh"
#include "generator/cache/slots.h"

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

using diffusion::blocks_for;
using diffusion::store;
using diffusion::to_float;

constexpr int kThreads = 256;
constexpr int kMaxPairs = 128;

// What moves where: the same in all tensors that move together.
struct Moves {
    const int32_t* chosen;
    int to, choices, tail, count;

    __device__ int from(int i) const { return i < choices ? chosen[i] : tail + i - choices; }
};

// Units of kWidth in a row are a part of a slot.
struct Moved {
    void* slots;
    int64_t capacity;
    int row;         // units of a slot
    int unit;        // bytes
    unsigned parts;  // of a slot
    unsigned end;    // the block of threads after this tensor's
};
struct AllMoved {
    Moved of[kMostMoved];
};

// A block moves all it can at once: what it waits for is memory.
constexpr int kMovers = 1024, kEach = 8;  // threads; elements that one has on their way

// Part p of every slot of group g, as many slots at a time as the block has room for, ascending:
// what is read next was not yet written to.
template <typename Unit, int kWidth>
__device__ void move_part(const Moved& moved, unsigned block, const Moves& moves) {
    constexpr int kSlots = kMovers / kWidth;  // that the block moves at once, kEach times over
    const int64_t group = block / moved.parts;
    Unit* part = static_cast<Unit*>(moved.slots) + group * moved.capacity * moved.row +
                 block % moved.parts * kWidth + threadIdx.x % kWidth;
    for (int begin = 0; begin < moves.count; begin += kSlots * kEach) {
        const int first = begin + static_cast<int>(threadIdx.x) / kWidth;
        Unit held[kEach];
        LONGTAKE_UNROLL
        for (int e = 0; e < kEach; ++e) {
            const int i = first + e * kSlots;
            if (i < moves.count) {
                held[e] = part[int64_t{moves.from(i)} * moved.row];
            }
        }
        __syncthreads();
        LONGTAKE_UNROLL
        for (int e = 0; e < kEach; ++e) {
            const int i = first + e * kSlots;
            if (i < moves.count) {
                part[int64_t{moves.to + i} * moved.row] = held[e];
            }
        }
    }
}

constexpr int kWide = 4;  // vectors of 16 bytes: 64, what memory is read in

__global__ void __launch_bounds__(kMovers)
    move_kernel(const __grid_constant__ AllMoved all, const Moves moves) {
    int t = 0;
    while (blockIdx.x >= all.of[t].end) {
        ++t;
    }
    const Moved& moved = all.of[t];
    const unsigned block = blockIdx.x - (t == 0 ? 0 : all.of[t - 1].end);
    switch (moved.unit) {
        case sizeof(uint4): move_part<uint4, kWide>(moved, block, moves); break;
        case sizeof(float): move_part<float, 1>(moved, block, moves); break;
        default: move_part<uint8_t, 1>(moved, block, moves);
    }
}

template <typename T>
__global__ void blend_kernel(T* slots, int64_t group, int64_t from, int64_t to, int64_t count,
                             float share) {
    T* all = slots + blockIdx.y * group;
    for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count;
         i += int64_t{gridDim.x} * kThreads) {
        const float old = to_float(all[to + i]);
        store(all + to + i, old + share * (to_float(all[from + i]) - old));
    }
}

// The mean of the slots [begin, end) of what `all` points to, by a block of 32 elements of a group
// in 32 shares of the slots; `known`: this thread has an element.
template <typename T>
__device__ float block_mean(const T* all, int size, int64_t begin, int64_t end, bool known) {
    __shared__ double sums[32][33];
    double sum = 0;
    for (int64_t s = begin + threadIdx.y; known && s < end; s += 32) {
        sum += to_float(all[s * size]);
    }
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    sum = 0;
    for (int y = 0; y < 32; ++y) {
        sum += sums[y][threadIdx.x];
    }
    return static_cast<float>(sum / static_cast<double>(end - begin));
}

// Block (p, g): 32 of the elements of every slot of group g.
template <typename T>
__global__ void means_kernel(const T* slots, int64_t capacity, int size, int64_t begin, int64_t end,
                             float* means) {
    const int i = blockIdx.x * 32 + threadIdx.x;
    const float mean =
        block_mean(slots + blockIdx.y * capacity * size + i, size, begin, end, i < size);
    if (threadIdx.y == 0 && i < size) {
        means[int64_t{blockIdx.y} * size + i] = mean;
    }
}

// Likewise.
template <typename T>
__global__ void blend_mean_kernel(T* slots, int64_t capacity, int size, int64_t begin, int64_t end,
                                  int64_t to_begin, int64_t to_end, float share) {
    const int i = blockIdx.x * 32 + threadIdx.x;
    T* all = slots + blockIdx.y * capacity * size + i;
    const float mean = block_mean(all, size, begin, end, i < size);
    for (int64_t s = to_begin + threadIdx.y; i < size && s < to_end; s += 32) {
        const float old = to_float(all[s * size]);
        store(all + s * size, old + share * (mean - old));
    }
}

__global__ void place_kernel(float* positions, int64_t count, int64_t per_position, float first) {
    for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count;
         i += int64_t{gridDim.x} * kThreads) {
        positions[i] = first + static_cast<float>(i / per_position);
    }
}

__global__ void shift_kernel(float* positions, int64_t count, float by) {
    for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count;
         i += int64_t{gridDim.x} * kThreads) {
        positions[i] += by;
    }
}

// kTurned slots after one another share a block: those of a frame turn by the same angles. A thread
// moves kStep neighbours, a chunk or a pair.
constexpr int kTurned = 16;

template <typename T, int kStep>
__device__ void turn(const T* keys, T* turned, const float* positions, float* turned_to,
                     int64_t begin, int64_t end, int64_t capacity, int heads, int d, int pairs) {
    __shared__ float2 turns[kMaxPairs];
    const int64_t first = begin + int64_t{blockIdx.x} * kTurned;
    const int64_t own = first + threadIdx.x;
    const bool stale = threadIdx.x < kTurned && own < end && turned_to[own] != positions[own];
    if (!__syncthreads_or(stale)) {
        return;
    }
    float known = NAN;  // the position of `turns`
    for (int64_t slot = first; slot < first + kTurned && slot < end; ++slot) {
        const float position = positions[slot];
        if (turned_to[slot] == position) {
            continue;
        }
        if (position != known) {
            __syncthreads();
            for (int k = threadIdx.x; k < pairs; k += kThreads) {
                turns[k] = diffusion::rope_angle(position, k, pairs, diffusion::kRopeTheta);
            }
            __syncthreads();
            known = position;
        }
        for (int i = threadIdx.x; i < heads * (d / kStep); i += kThreads) {
            const int within = i % (d / kStep) * kStep;
            const int64_t at = (i / (d / kStep) * capacity + slot) * d + within;
            float v[kStep];
            if constexpr (kStep == 2) {
                v[0] = to_float(keys[at]);
                v[1] = to_float(keys[at + 1]);
            } else {
                diffusion::load_chunk(keys + at, v);
            }
            LONGTAKE_UNROLL
            for (int j = 0; j < kStep; j += 2) {
                const int k = (within + j) / 2;
                diffusion::turn_pair(v[j], v[j + 1], k < pairs ? turns[k] : make_float2(1.F, 0.F));
            }
            if constexpr (kStep == 2) {
                store(turned + at, v[0]);
                store(turned + at + 1, v[1]);
            } else {
                diffusion::store_chunk(turned + at, v);
            }
        }
    }
    __syncthreads();  // everybody has read where the slots were turned to
    if (threadIdx.x < kTurned && first + threadIdx.x < end) {
        turned_to[first + threadIdx.x] = positions[first + threadIdx.x];
    }
}

template <typename T, int kStep>
__global__ void turn_kernel(const T* keys, T* turned, const float* positions, float* turned_to,
                            int64_t begin, int64_t end, int64_t capacity, int heads, int d,
                            int pairs) {
    turn<T, kStep>(keys, turned, positions, turned_to, begin, end, capacity, heads, d, pairs);
    end_after_those_ahead();
}

// The kWritten slots of a block, all heads of them: as they come, and turned.
constexpr int kWritten = 4;

template <typename T, int kStep>
__global__ void __launch_bounds__(kThreads)
    write_kernel(const T* keys, const T* values, int64_t rows, int64_t first,
                 const float* positions, float* turned_to, T* kept, bool unturned, int64_t capacity,
                 int heads, int d, int pairs) {
    __shared__ float2 turns[kWritten][kMaxPairs];
    const int64_t begin = int64_t{blockIdx.x} * kWritten, part = heads * capacity * d;
    for (int i = threadIdx.x; i < kWritten * pairs; i += kThreads) {
        const int s = i / pairs, k = i % pairs;
        if (begin + s < rows) {
            turns[s][k] = diffusion::rope_angle(positions[first + begin + s], k, pairs,
                                                diffusion::kRopeTheta);
        }
    }
    if (threadIdx.x < kWritten && begin + threadIdx.x < rows) {
        turned_to[first + begin + threadIdx.x] = positions[first + begin + threadIdx.x];
    }
    __syncthreads();
    const int row = heads * (d / kStep);  // steps of one
    for (int i = threadIdx.x; i < kWritten * row && begin + i / row < rows; i += kThreads) {
        const int s = i / row, within = i % (d / kStep) * kStep;
        const int64_t from = (begin + s) * heads * d + int64_t{i % row} * kStep;
        T* to = kept + (i % row / (d / kStep) * capacity + first + begin + s) * d + within;
        float k[kStep], v[kStep];
        if constexpr (kStep == 2) {
            k[0] = to_float(keys[from]), k[1] = to_float(keys[from + 1]);
            v[0] = to_float(values[from]), v[1] = to_float(values[from + 1]);
            if (unturned) {
                store(to, k[0]), store(to + 1, k[1]);
            }
            store(to + part, v[0]), store(to + part + 1, v[1]);
        } else {
            diffusion::load_chunk(keys + from, k);
            diffusion::load_chunk(values + from, v);
            if (unturned) {
                diffusion::store_chunk(to, k);
            }
            diffusion::store_chunk(to + part, v);
        }
        LONGTAKE_UNROLL
        for (int j = 0; j < kStep; j += 2) {
            const int pair = (within + j) / 2;
            diffusion::turn_pair(k[j], k[j + 1],
                                 pair < pairs ? turns[s][pair] : make_float2(1.F, 0.F));
        }
        T* turned = to + (unturned ? 2 * part : 0);
        if constexpr (kStep == 2) {
            store(turned, k[0]), store(turned + 1, k[1]);
        } else {
            diffusion::store_chunk(turned, k);
        }
    }
}

// Pairs of a head that turn in time.
int turning_pairs(int64_t d) {
    const auto pairs = static_cast<int>(diffusion::RopeAxes(d).time);
    if (pairs > kMaxPairs) {
        cuda_check(cudaErrorInvalidValue, "turning slots: too many pairs");
    }
    return pairs;
}

}  // namespace

void move_slots_cuda(std::span<Tensor> together, int64_t to, const Tensor& chosen, Range tail,
                     GpuStream stream) {
    const Moves moves{.chosen = chosen.data<int32_t>(),
                      .to = static_cast<int>(to),
                      .choices = static_cast<int>(chosen.count()),
                      .tail = static_cast<int>(tail.begin),
                      .count = static_cast<int>(chosen.count() + tail.count())};
    AllMoved all{};
    unsigned blocks = 0;
    for (size_t t = 0; t < together.size(); ++t) {
        Tensor& slots = together[t];
        const size_t row = static_cast<size_t>(slots.extent(2)) * size_of(slots.dtype());
        const bool wide = row % (kWide * sizeof(uint4)) == 0;
        const size_t unit = wide ? sizeof(uint4) : row % sizeof(float) == 0 ? sizeof(float) : 1;
        const auto parts = static_cast<unsigned>(row / unit / (wide ? kWide : 1));
        blocks += parts * static_cast<unsigned>(slots.extent(0));
        all.of[t] = {.slots = slots.raw(),
                     .capacity = slots.extent(1),
                     .row = static_cast<int>(row / unit),
                     .unit = static_cast<int>(unit),
                     .parts = parts,
                     .end = blocks};
    }
    if (moves.count > 0) {
        move_kernel<<<blocks, kMovers, 0, stream>>>(all, moves);
        cuda_check_launch("move_slots");
    }
}

void copy_slots_cuda(const Tensor& from, Range slots, Tensor& target, int64_t to,
                     GpuStream stream) {
    const size_t row = static_cast<size_t>(from.extent(2)) * size_of(from.dtype());
    if (slots.count() == 0) {
        return;
    }
    const auto kind = from.device() == Device::Cpu     ? cudaMemcpyHostToDevice
                      : target.device() == Device::Cpu ? cudaMemcpyDeviceToHost
                                                       : cudaMemcpyDeviceToDevice;
    cuda_check(
        cudaMemcpy2DAsync(
            static_cast<std::byte*>(target.raw()) + static_cast<size_t>(to) * row,
            static_cast<size_t>(target.extent(1)) * row,
            static_cast<const std::byte*>(from.raw()) + static_cast<size_t>(slots.begin) * row,
            static_cast<size_t>(from.extent(1)) * row, static_cast<size_t>(slots.count()) * row,
            static_cast<size_t>(from.extent(0)), kind, stream),
        "copying slots");
}

void blend_slots_cuda(Tensor& slots, Range from, int64_t to, float share, GpuStream stream) {
    const int64_t size = slots.extent(2), count = from.count() * size;
    if (count == 0) {
        return;
    }
    diffusion::with_type(slots.dtype(), [&](auto element) {
        const dim3 grid(blocks_for(count, kThreads), static_cast<unsigned>(slots.extent(0)));
        blend_kernel<<<grid, kThreads, 0, stream>>>(static_cast<decltype(element)*>(slots.raw()),
                                                    slots.extent(1) * size, from.begin * size,
                                                    to * size, count, share);
    });
    cuda_check_launch("blend_slots");
}

void blend_mean_cuda(Tensor& slots, Range from, Range to, float share, GpuStream stream) {
    const auto size = static_cast<int>(slots.extent(2));
    diffusion::with_type(slots.dtype(), [&](auto element) {
        const dim3 grid(static_cast<unsigned>((size + 31) / 32),
                        static_cast<unsigned>(slots.extent(0)));
        blend_mean_kernel<<<grid, dim3(32, 32), 0, stream>>>(
            static_cast<decltype(element)*>(slots.raw()), slots.extent(1), size, from.begin,
            from.end, to.begin, to.end, share);
    });
    cuda_check_launch("blend_mean");
}

void mean_slots_cuda(const Tensor& slots, Range range, Tensor& means, GpuStream stream) {
    const auto size = static_cast<int>(slots.extent(2));
    diffusion::with_type(slots.dtype(), [&](auto element) {
        const dim3 grid(static_cast<unsigned>((size + 31) / 32),
                        static_cast<unsigned>(slots.extent(0)));
        means_kernel<<<grid, dim3(32, 32), 0, stream>>>(
            static_cast<const decltype(element)*>(slots.raw()), slots.extent(1), size, range.begin,
            range.end, means.data<float>());
    });
    cuda_check_launch("mean_slots");
}

void place_slots_cuda(Tensor& positions, Range slots, int64_t per_position, float first,
                      GpuStream stream) {
    if (slots.count() == 0) {
        return;
    }
    place_kernel<<<blocks_for(slots.count(), kThreads), kThreads, 0, stream>>>(
        positions.data<float>() + slots.begin, slots.count(), per_position, first);
    cuda_check_launch("place_slots");
}

void shift_positions_cuda(Tensor& positions, float by, GpuStream stream) {
    shift_kernel<<<blocks_for(positions.count(), kThreads), kThreads, 0, stream>>>(
        positions.data<float>(), positions.count(), by);
    cuda_check_launch("shift_positions");
}

void write_slots_cuda(const Tensor& keys, const Tensor& values, int64_t first,
                      const Tensor& positions, Tensor& turned_to, Tensor& kept, GpuStream stream) {
    const int64_t rows = keys.extent(0);
    const auto heads = static_cast<int>(keys.extent(1)), d = static_cast<int>(keys.extent(2));
    const int pairs = turning_pairs(d);
    diffusion::with_type(keys.dtype(), [&](auto element) {
        using T = decltype(element);
        const auto kernel =
            d % diffusion::kChunk == 0 ? write_kernel<T, diffusion::kChunk> : write_kernel<T, 2>;
        kernel<<<blocks_for(rows, kWritten), kThreads, 0, stream>>>(
            static_cast<const T*>(keys.raw()), static_cast<const T*>(values.raw()), rows, first,
            positions.data<float>(), turned_to.data<float>(), static_cast<T*>(kept.raw()),
            kept.extent(0) == 3 * heads, kept.extent(1), heads, d, pairs);
    });
    cuda_check_launch("write_slots");
}

void turn_slots_cuda(const Tensor& keys, Range slots, const Tensor& positions, Tensor& turned_to,
                     Tensor& turned, GpuStream stream, Start start) {
    const auto heads = static_cast<int>(keys.extent(0)), d = static_cast<int>(keys.extent(2));
    const int pairs = turning_pairs(d);
    if (slots.count() == 0) {
        return;
    }
    diffusion::with_type(keys.dtype(), [&](auto element) {
        using T = decltype(element);
        const auto kernel =
            d % diffusion::kChunk == 0 ? turn_kernel<T, diffusion::kChunk> : turn_kernel<T, 2>;
        launch("turn_slots", kernel,
               {.blocks = blocks_for(slots.count(), kTurned), .threads = kThreads, .start = start},
               stream, static_cast<const T*>(keys.raw()), static_cast<T*>(turned.raw()),
               positions.data<float>(), turned_to.data<float>(), slots.begin, slots.end,
               keys.extent(1), heads, d, pairs);
    });
}

}  // namespace longtake::generator
