#include "diffusion/ops/attention_cuda.h"
#include "diffusion/ops/elements.cuh"

#include <algorithm>
#include <cmath>

// FlashAttention-2 (Dao 2023) with the tensor cores' mma.sync m16n8k16: a block holds 128 queries
// of one head in registers, 16 per warp, and passes over the keys, 64 at a time, which come to
// shared memory while those before are used. Where there are too few queries for that to fill the
// GPU, several blocks share the keys, and their results are put together afterwards. As few keys as
// a prompt has are passed over at once, by a kernel that waits for memory alone.
namespace longtake::diffusion {
namespace {

constexpr int kWarps = 8, kThreads = 32 * kWarps;
constexpr int kQueries = 16 * kWarps, kKeys = 64;
constexpr unsigned kAll = 0xffffffffU;

// What is a take's own.
struct FlashTake {
    const __nv_bfloat16 *q, *keys, *values;
    __nv_bfloat16* out;
    const float* key_bias;
    int64_t slots, head_stride;  // elements from one head's keys to the next's
};

struct FlashProblem {
    FlashTake takes[kMostTakes];
    int count;             // of them
    int rows, heads, dim;  // of each
    float scale;           // log2(e) / sqrt(dim)
    int shares;            // of the keys, each a block's
    int64_t share;         // keys of one, a multiple of kKeys
    // With more than one share [shares, takes, rows, heads, dim], not divided, and [shares, takes,
    // rows, heads]: the largest logit in units of log2, the total of weights.
    float* part_sums;
    float2* part_scales;
    HeadList list;
};

// Rows of kDim elements in shared memory, in chunks of 16 bytes that change places from row to
// row, so that the same chunk of 8 rows lies in different banks.
template <int kDim> struct Tile {
    static constexpr int kChunks = kDim / 8;

    static __device__ int place(int row, int chunk) {
        const int turn = kChunks >= 8 ? row & 7 : (row >> 1) & 3;
        return row * kChunks + (chunk ^ turn);
    }

    // kRows rows of `from`, `stride` elements apart; rows past `rows` and chunks past `chunks`
    // become zero.
    template <int kRows>
    static __device__ void load(uint4* tile, const __nv_bfloat16* from, int64_t stride,
                                int64_t rows, int chunks) {
        for (int i = threadIdx.x; i < kRows * kChunks; i += kThreads) {
            const int row = i / kChunks, chunk = i % kChunks;
            const bool there = row < rows && chunk < chunks;
            const __nv_bfloat16* source = there ? from + row * stride + chunk * 8 : from;
            const auto to =
                static_cast<unsigned>(__cvta_generic_to_shared(tile + place(row, chunk)));
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(source),
                         "r"(there ? 16 : 0)
                         : "memory");
        }
    }
};

__device__ void commit_loads() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}
template <int kPending> __device__ void wait_for_loads() {
    asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

// Four 8x8 matrices; lane i gives the address of row i % 8 of matrix i / 8.
__device__ void load_matrices(const uint4* at, unsigned (&r)[4]) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(static_cast<unsigned>(__cvta_generic_to_shared(at)))
                 : "memory");
}
__device__ void load_matrices_transposed(const uint4* at, unsigned (&r)[4]) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(static_cast<unsigned>(__cvta_generic_to_shared(at)))
                 : "memory");
}

// sum [16, 8] += a [16, 16] b [16, 8]. Of lane i, with g = i / 4 and t = i % 4:
//   sum: (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)
//   a, pairs from: (g, 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8); b: (2t, g), (2t + 8, g)
__device__ void multiply(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ unsigned pack(float low, float high) {
    const __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<const unsigned*>(&both);
}

// Over the four lanes that share a row.
__device__ float quad_max(float v) {
    v = fmaxf(v, __shfl_xor_sync(kAll, v, 1));
    return fmaxf(v, __shfl_xor_sync(kAll, v, 2));
}
__device__ float quad_sum(float v) {
    v += __shfl_xor_sync(kAll, v, 1);
    return v + __shfl_xor_sync(kAll, v, 2);
}

// Operands of `multiply` from shared memory: step k of the 16 queries of a warp, ...
template <int kDim>
__device__ void load_queries(const uint4* tile, int warp, int lane, int k, unsigned (&q)[4]) {
    load_matrices(tile + Tile<kDim>::place(16 * warp + (lane & 15), 2 * k + (lane >> 4)), q);
}
// ... of 16 keys, ...
template <int kDim>
__device__ void load_keys(const uint4* tile, int n, int lane, int k, unsigned (&b)[4]) {
    load_matrices(tile + Tile<kDim>::place(16 * n + (lane & 7) + ((lane >> 4) << 3),
                                           2 * k + ((lane >> 3) & 1)),
                  b);
}
// ... and 16 dimensions of the values of 16 keys.
template <int kDim>
__device__ void load_values(const uint4* tile, int n, int lane, int k, unsigned (&b)[4]) {
    load_matrices_transposed(tile + Tile<kDim>::place(16 * k + (lane & 15), 2 * n + (lane >> 4)),
                             b);
}

// Logits of kKeys keys and what becomes of them.
struct Scores {
    float s[kKeys / 8][4];

    // In units of log2, those of keys past the last one minus infinity.
    __device__ void finish(const FlashTake& take, float scale, int64_t begin, int lane) {
        const bool whole = begin + kKeys <= take.slots;
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                const int64_t key = begin + 8 * n + 2 * (lane & 3) + i;
                const bool there = whole || key < take.slots;
                const float bias = take.key_bias != nullptr && there
                                       ? take.key_bias[key] * 1.4426950408889634F
                                       : 0.F;
                s[n][i] = there ? s[n][i] * scale + bias : -INFINITY;
                s[n][i + 2] = there ? s[n][i + 2] * scale + bias : -INFINITY;
            }
        }
    }
    // Of a row, g or g + 8.
    __device__ float largest(int half, float top = -INFINITY) const {
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
            top = fmaxf(top, fmaxf(s[n][2 * half], s[n][2 * half + 1]));
        }
        return quad_max(top);
    }
    // Logits to weights; the sum of this lane's.
    __device__ float weigh(int half, float top) {
        float sum = 0;
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                s[n][2 * half + i] = exp2f(s[n][2 * half + i] - top);
                sum += s[n][2 * half + i];
            }
        }
        return sum;
    }
    // An operand: the weights of 16 keys.
    __device__ void pack_weights(int k, unsigned (&a)[4]) const {
        a[0] = pack(s[2 * k][0], s[2 * k][1]);
        a[1] = pack(s[2 * k][2], s[2 * k][3]);
        a[2] = pack(s[2 * k + 1][0], s[2 * k + 1][1]);
        a[3] = pack(s[2 * k + 1][2], s[2 * k + 1][3]);
    }
};

template <int kDim> constexpr size_t shared_bytes(int key_tiles) {
    return (kQueries + key_tiles * kKeys) * kDim * sizeof(__nv_bfloat16);
}

// A warp's 16 queries and what it knows of their results.
template <int kDim> struct WarpState {
    unsigned q[kDim / 16][4];
    float sums[kDim / 8][4] = {};
    float largest[2] = {-INFINITY, -INFINITY}, total[2] = {};  // of the rows g and g + 8

    __device__ void load(const uint4* tile, int warp, int lane) {
        for (int k = 0; k < kDim / 16; ++k) {
            load_queries<kDim>(tile, warp, lane, k, q[k]);
        }
    }

    // The products with kKeys keys.
    __device__ void score(const uint4* keys, int lane, float (&s)[kKeys / 8][4]) {
#pragma unroll
        for (int n = 0; n < kKeys / 16; ++n) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                s[2 * n][i] = s[2 * n + 1][i] = 0;
            }
#pragma unroll
            for (int k = 0; k < kDim / 16; ++k) {
                unsigned b[4];
                load_keys<kDim>(keys, n, lane, k, b);
                multiply(s[2 * n], q[k], b[0], b[1]);
                multiply(s[2 * n + 1], q[k], b[2], b[3]);
            }
        }
    }

    // Logits to weights; what was summed before shrinks to the new maximum.
    __device__ void weigh(Scores& scores) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const float top = scores.largest(half, largest[half]);
            const float shrink = exp2f(largest[half] - top);
            largest[half] = top;
            total[half] = total[half] * shrink + scores.weigh(half, top);  // of this lane's keys
#pragma unroll
            for (int n = 0; n < kDim / 8; ++n) {
                sums[n][2 * half] *= shrink;
                sums[n][2 * half + 1] *= shrink;
            }
        }
    }

    __device__ void add_values(const uint4* values, int lane, const Scores& scores) {
#pragma unroll
        for (int k = 0; k < kKeys / 16; ++k) {
            unsigned a[4];
            scores.pack_weights(k, a);
#pragma unroll
            for (int n = 0; n < kDim / 16; ++n) {
                unsigned b[4];
                load_values<kDim>(values, n, lane, k, b);
                multiply(sums[2 * n], a, b[0], b[1]);
                multiply(sums[2 * n + 1], a, b[2], b[3]);
            }
        }
    }

    // `part`: the number of the share and the take.
    __device__ void store_part(const FlashProblem& p, int part, int head, int first_row, int lane) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const int row = first_row + (lane >> 2) + 8 * half;
            const float all = quad_sum(total[half]);
            if (row >= p.rows) {
                continue;
            }
            const int64_t at = (int64_t{part} * p.rows + row) * p.heads + head;
            if ((lane & 3) == 0) {
                p.part_scales[at] = {largest[half], all};
            }
#pragma unroll
            for (int n = 0; n < kDim / 8; ++n) {
                const int dim = 8 * n + 2 * (lane & 3);
                if (dim < p.dim) {
                    *reinterpret_cast<float2*>(p.part_sums + at * p.dim + dim) = {
                        sums[n][2 * half], sums[n][2 * half + 1]};
                }
            }
        }
    }

    __device__ void store_rows(const FlashProblem& p, const FlashTake& take, int head,
                               int first_row, int lane) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const int row = first_row + (lane >> 2) + 8 * half;
            const float inverse = 1.F / quad_sum(total[half]);
            if (row >= p.rows) {
                continue;
            }
            __nv_bfloat16* to = take.out + (int64_t{row} * p.heads + head) * p.dim;
#pragma unroll
            for (int n = 0; n < kDim / 8; ++n) {
                const int dim = 8 * n + 2 * (lane & 3);
                if (dim < p.dim) {
                    *reinterpret_cast<unsigned*>(to + dim) =
                        pack(sums[n][2 * half] * inverse, sums[n][2 * half + 1] * inverse);
                }
            }
        }
    }
};

template <int kDim>
__global__ void __launch_bounds__(kThreads, kDim <= 64 ? 2 : 1)
    attention_flash_kernel(const __grid_constant__ FlashProblem p) {
    extern __shared__ uint4 tiles[];
    constexpr int kTile = kKeys * kDim / 8;
    uint4* keys = tiles + kQueries * kDim / 8;  // two of them
    uint4* values = keys + 2 * kTile;           // two of them
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const FlashTake& take = p.takes[blockIdx.z % p.count];
    const int head = p.list[static_cast<int>(blockIdx.y)],
              first = static_cast<int>(blockIdx.x) * kQueries;
    const int chunks = p.dim / 8;
    const int64_t row_stride = int64_t{p.heads} * p.dim, slots = take.slots;
    const __nv_bfloat16* k = take.keys + head * take.head_stride;
    const __nv_bfloat16* v = take.values + head * take.head_stride;
    const auto load = [&](int64_t begin, int buffer) {
        const int64_t at = begin * p.dim;
        Tile<kDim>::template load<kKeys>(keys + buffer * kTile, k + at, p.dim, slots - begin,
                                         chunks);
        Tile<kDim>::template load<kKeys>(values + buffer * kTile, v + at, p.dim, slots - begin,
                                         chunks);
    };
    const int64_t start = blockIdx.z / p.count * p.share, end = min(start + p.share, slots);
    if (start >= end) {  // this take has fewer slots than others: nothing to say
        return WarpState<kDim>().store_part(p, static_cast<int>(blockIdx.z), head,
                                            first + 16 * warp, lane);
    }
    Tile<kDim>::template load<kQueries>(tiles, take.q + first * row_stride + head * p.dim,
                                        row_stride, p.rows - first, chunks);
    load(start, 0);
    commit_loads();

    WarpState<kDim> state;
    int buffer = 0;
    for (int64_t begin = start; begin < end; begin += kKeys, buffer ^= 1) {
        wait_for_loads<0>();
        __syncthreads();  // this buffer is there, the other one is read no more
        if (begin + kKeys < end) {
            load(begin + kKeys, buffer ^ 1);
        }
        commit_loads();
        if (begin == start) {
            state.load(tiles, warp, lane);
        }
        Scores scores;
        state.score(keys + buffer * kTile, lane, scores.s);
        scores.finish(take, p.scale, begin, lane);
        state.weigh(scores);
        state.add_values(values + buffer * kTile, lane, scores);
    }
    if (p.shares == 1) {
        state.store_rows(p, take, head, first + 16 * warp, lane);
    } else {
        state.store_part(p, static_cast<int>(blockIdx.z), head, first + 16 * warp, lane);
    }
}

// No more keys than kKeys: to the same bits, but with 16 dimensions of the values at a time, so
// that registers leave room for three blocks on a multiprocessor.
template <int kDim>
__global__ void __launch_bounds__(kThreads, 3)
    attention_flash_few_kernel(const __grid_constant__ FlashProblem p) {
    extern __shared__ uint4 tiles[];
    uint4* keys = tiles + kQueries * kDim / 8;
    uint4* values = keys + kKeys * kDim / 8;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const FlashTake& take = p.takes[blockIdx.z];
    const int head = p.list[static_cast<int>(blockIdx.y)],
              first = static_cast<int>(blockIdx.x) * kQueries;
    const int chunks = p.dim / 8;
    const int64_t row_stride = int64_t{p.heads} * p.dim;
    Tile<kDim>::template load<kQueries>(tiles, take.q + first * row_stride + head * p.dim,
                                        row_stride, p.rows - first, chunks);
    Tile<kDim>::template load<kKeys>(keys, take.keys + head * take.head_stride, p.dim, take.slots,
                                     chunks);
    commit_loads();
    Tile<kDim>::template load<kKeys>(values, take.values + head * take.head_stride, p.dim,
                                     take.slots, chunks);
    commit_loads();

    wait_for_loads<1>();
    __syncthreads();
    Scores scores{};
#pragma unroll
    for (int k = 0; k < kDim / 16; ++k) {
        unsigned q[4];
        load_queries<kDim>(tiles, warp, lane, k, q);
#pragma unroll
        for (int n = 0; n < kKeys / 16; ++n) {
            unsigned b[4];
            load_keys<kDim>(keys, n, lane, k, b);
            multiply(scores.s[2 * n], q, b[0], b[1]);
            multiply(scores.s[2 * n + 1], q, b[2], b[3]);
        }
    }
    scores.finish(take, p.scale, 0, lane);
    float inverse[2];
    for (int half = 0; half < 2; ++half) {
        inverse[half] = 1.F / quad_sum(scores.weigh(half, scores.largest(half)));
    }
    unsigned a[kKeys / 16][4];
#pragma unroll
    for (int k = 0; k < kKeys / 16; ++k) {
        scores.pack_weights(k, a[k]);
    }

    wait_for_loads<0>();
    __syncthreads();
    const int row = first + 16 * warp + (lane >> 2);
    __nv_bfloat16* to = take.out + (int64_t{row} * p.heads + head) * p.dim;
    const bool odd = (lane & 1) != 0;
    for (int n = 0; n < kDim / 16; ++n) {
        float sums[2][4] = {};
#pragma unroll
        for (int k = 0; k < kKeys / 16; ++k) {
            unsigned b[4];
            load_values<kDim>(values, n, lane, k, b);
            multiply(sums[0], a[k], b[0], b[1]);
            multiply(sums[1], a[k], b[2], b[3]);
        }
        // Two lanes swap, so that each has four neighbouring dimensions.
        const int dim = 16 * n + (odd ? 8 : 0) + 4 * ((lane & 3) / 2);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const auto packed = [&](int i) {
                return pack(sums[i][2 * half] * inverse[half],
                            sums[i][2 * half + 1] * inverse[half]);
            };
            const unsigned own = packed(odd ? 1 : 0);
            const unsigned other = __shfl_xor_sync(kAll, packed(odd ? 0 : 1), 1);
            if (row + 8 * half < p.rows && dim < p.dim) {
                *reinterpret_cast<uint2*>(to + 8 * half * row_stride + dim) =
                    odd ? make_uint2(other, own) : make_uint2(own, other);
            }
        }
    }
}

// A warp puts the parts of a row of a head together.
__global__ void attention_flash_combine_kernel(const __grid_constant__ FlashProblem p) {
    const int64_t one = int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
    const auto listed = static_cast<int>(p.list.size(p.heads));
    if (one >= int64_t{p.count} * p.rows * listed) {
        return;
    }
    const int64_t of_take = int64_t{p.rows} * p.heads, rows = p.count * of_take;
    const int64_t row = one / listed * p.heads + p.list[static_cast<int>(one % listed)];
    const int shares = p.shares;
    float largest = -INFINITY, total = 0;
    for (int s = 0; s < shares; ++s) {
        largest = fmaxf(largest, p.part_scales[s * rows + row].x);
    }
    for (int s = 0; s < shares; ++s) {
        const float2 scale = p.part_scales[s * rows + row];
        total += scale.y * exp2f(scale.x - largest);
    }
    __nv_bfloat16* to = p.takes[row / of_take].out + row % of_take * p.dim;
    for (int i = threadIdx.x % 32; i < p.dim; i += 32) {
        float sum = 0;
        for (int s = 0; s < shares; ++s) {
            const int64_t at = s * rows + row;
            sum += p.part_sums[at * p.dim + i] * exp2f(p.part_scales[at].x - largest);
        }
        store(to + i, sum / total);
    }
}

template <int kDim> void launch(const FlashProblem& p, dim3 grid, bool few, GpuStream stream) {
    const auto kernel = few ? attention_flash_few_kernel<kDim> : attention_flash_kernel<kDim>;
    const size_t bytes = shared_bytes<kDim>(few ? 2 : 4);
    cuda_check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    static_cast<int>(bytes)),
               "attention's shared memory");
    kernel<<<grid, kThreads, bytes, stream>>>(p);
    cuda_check_launch("attention");
}

// Into how many shares the keys go, so that `blocks` times as many have work on all
// multiprocessors: of at least four tiles each.
int64_t shares_of(int64_t slots, int64_t blocks) {
    const int64_t processors = cuda_attribute(cudaDevAttrMultiProcessorCount);
    return std::max<int64_t>(1, std::min(processors / blocks, slots / (4 * kKeys)));
}

}  // namespace

void attention_cuda_flash(std::span<const AttentionProblem> problems, Workspace& workspace) {
    const auto elements = [](const void* at) { return static_cast<const __nv_bfloat16*>(at); };
    const AttentionProblem& p = problems[0];
    const auto slots = std::ranges::max(problems, {}, &AttentionProblem::slots).slots;
    const auto takes = std::ssize(problems);
    const int64_t row_blocks = (p.rows + kQueries - 1) / kQueries;
    const int64_t wanted = shares_of(slots, takes * row_blocks * p.listed());
    const int64_t share = ((slots + wanted - 1) / wanted + kKeys - 1) / kKeys * kKeys;
    const int64_t shares = (slots + share - 1) / share, parts = shares * takes * p.rows * p.heads;
    float* room = nullptr;  // scales, then sums
    if (shares > 1) {
        room = static_cast<float*>(
            workspace.scratch(static_cast<size_t>(parts * (p.head_dim + 2)) * sizeof(float)));
    }
    FlashProblem problem{.takes = {},
                         .count = static_cast<int>(takes),
                         .rows = static_cast<int>(p.rows),
                         .heads = static_cast<int>(p.heads),
                         .dim = static_cast<int>(p.head_dim),
                         .scale = 1.4426950408889634F / std::sqrt(static_cast<float>(p.head_dim)),
                         .shares = static_cast<int>(shares),
                         .share = share,
                         .part_sums = room + 2 * parts,
                         .part_scales = reinterpret_cast<float2*>(room),
                         .list = p.list};
    std::ranges::transform(problems, problem.takes, [&](const AttentionProblem& one) {
        return FlashTake{.q = elements(one.q),
                         .keys = elements(one.keys),
                         .values = elements(one.values),
                         .out = static_cast<__nv_bfloat16*>(one.out),
                         .key_bias = one.key_bias,
                         .slots = one.slots,
                         .head_stride = one.stride * one.head_dim};
    });
    const dim3 grid(static_cast<unsigned>(row_blocks), static_cast<unsigned>(p.listed()),
                    static_cast<unsigned>(shares * takes));
    const auto launch_for = p.head_dim <= 32   ? launch<32>
                            : p.head_dim <= 64 ? launch<64>
                                               : launch<128>;
    launch_for(problem, grid, slots <= kKeys, workspace.stream());
    if (shares > 1) {
        attention_flash_combine_kernel<<<blocks_for(takes * p.rows * p.listed(), kWarps), kThreads,
                                         0, workspace.stream()>>>(problem);
        cuda_check_launch("attention's parts");
    }
}

}  // namespace longtake::diffusion
