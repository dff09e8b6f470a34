#pragma once

#include "diffusion/ops/conv2d_hopper_products.cuh"
#include "diffusion/ops/conv2d_target.cuh"
#include "diffusion/ops/tensor_map_cuda.h"

// An implicit matrix product: rows are the pixels of y, columns its channels, and what is summed
// over are the taps of the kernel and the channels of x.
//
// A block makes tiles of 8 or 16 lines of 16 pixels. For every tap in time and in x, and every
// kDepth channels, the copy engine brings a box of x that is taller by the kernel's height less
// one, so that the taps in y are products of the same box from different lines on; zeros come from
// outside of the frame. One warpgroup copies, two multiply. Blocks stay and take tile after tile,
// so that the boxes of the next tile arrive while the results of this one leave.
namespace longtake::diffusion {

constexpr int kTileWidth = 16;      // pixels
constexpr int kBlockLines = 4;      // lines of a tile in 64 rows of a product
constexpr int kMultipliers = 2;     // warpgroups
constexpr int kGroupThreads = 128;  // of a warpgroup
constexpr int kMaxStages = 8;
constexpr int kStep = 16;  // channels of x in one product

// What is equal for all tiles.
struct Tiles {
    int columns, channels;  // how many tiles side by side
    int total;
    int stages, group, box_bytes, stage_bytes;
    int chunks;  // of the channels of x

    __device__ int steps(const ConvSource& s) const {
        return s.time_taps * s.column_taps * (s.row_taps / group) * chunks;
    }
};

struct Tile {
    int t, v, u, n;  // of its first result
};

template <int kColumns>
__device__ Tile tile_of(const Tiles& tiles, const ConvTarget& y, int index, int lines) {
    // Channels first, then frames: tiles at work together share what they read.
    const int n = index % tiles.channels;
    index /= tiles.channels;
    const int t = index % y.frames;
    index /= y.frames;
    return {t, index / tiles.columns * lines, index % tiles.columns * kTileWidth, n * kColumns};
}

// A place in the ring of stages; `parity` is what its barriers wait for.
struct Place {
    int stage = 0;
    uint32_t parity = 0;

    __device__ void next(int stages) {
        if (++stage == stages) {
            stage = 0;
            parity ^= 1;
        }
    }
};

// The 4 words of 4 neighbouring threads, transposed.
__device__ inline void transpose_quad(uint32_t (&w)[4]) {
    const auto swap = [](uint32_t& a, uint32_t& b, bool upper, int distance) {
        const uint32_t got = __shfl_xor_sync(0xffffffffU, upper ? a : b, distance);
        (upper ? a : b) = got;
    };
    const bool odd = threadIdx.x & 1, high = threadIdx.x & 2;
    swap(w[0], w[1], odd, 1);
    swap(w[2], w[3], odd, 1);
    swap(w[0], w[2], high, 2);
    swap(w[1], w[3], high, 2);
}

__device__ inline uint32_t pack(float a, float b) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(a, b);
    return reinterpret_cast<const uint32_t&>(pair);
}

__device__ inline float2 unpack(uint32_t word) {
    return __bfloat1622float2(reinterpret_cast<const __nv_bfloat162&>(word));
}

// What one thread has of a tile: of kBlocks x 2 pixels, a quarter of the channels, the other three
// of which its neighbours have.
template <int kBlocks> struct Pixels {
    int64_t offset[kBlocks][2];  // of the first channel of this tile
    bool inside[kBlocks][2];
};

__device__ inline float fast_silu(float v) {
    return __fdividef(v, 1.F + __expf(-v));
}

// Bias, residual, ReLU and norm; then the results leave, 16 bytes at a time.
template <int kColumns, int kBlocks>
__device__ void finish_tile(const ConvTarget& target, int channel, const Pixels<kBlocks>& pixels,
                            float (&sums)[kBlocks][kColumns / 2]) {
    const int quad = static_cast<int>(threadIdx.x) % 4;
    const auto* residual = static_cast<const __nv_bfloat16*>(target.residual);
    float factors[kBlocks][2] = {};
#pragma unroll
    for (int i = 0; i < kColumns / 8; i += 4) {
        uint32_t more[kBlocks][2][4] = {};
        if (residual != nullptr) {
#pragma unroll
            for (int p = 0; p < 2 * kBlocks; ++p) {
                if (pixels.inside[p / 2][p % 2]) {
                    const uint4 bits = *reinterpret_cast<const uint4*>(
                        residual + pixels.offset[p / 2][p % 2] + 8 * (i + quad));
                    more[p / 2][p % 2][0] = bits.x;
                    more[p / 2][p % 2][1] = bits.y;
                    more[p / 2][p % 2][2] = bits.z;
                    more[p / 2][p % 2][3] = bits.w;
                }
            }
#pragma unroll
            for (int p = 0; p < 2 * kBlocks; ++p) {
                transpose_quad(more[p / 2][p % 2]);
            }
        }
#pragma unroll
        for (int k = 0; k < 4; ++k) {
            const float2 bias =
                *reinterpret_cast<const float2*>(target.bias + channel + 8 * (i + k) + 2 * quad);
#pragma unroll
            for (int p = 0; p < 2 * kBlocks; ++p) {
                const float2 add = unpack(more[p / 2][p % 2][k]);
                float& a = sums[p / 2][4 * (i + k) + 2 * (p % 2)];
                float& b = sums[p / 2][4 * (i + k) + 2 * (p % 2) + 1];
                a += bias.x + add.x;
                b += bias.y + add.y;
                if (target.relu) {
                    a = fmaxf(a, 0.F);
                    b = fmaxf(b, 0.F);
                }
                factors[p / 2][p % 2] += a * a + b * b;
            }
        }
    }
#pragma unroll
    for (int p = 0; p < 2 * kBlocks; ++p) {
        float& squares = factors[p / 2][p % 2];
        squares += __shfl_xor_sync(0xffffffffU, squares, 1);
        squares += __shfl_xor_sync(0xffffffffU, squares, 2);
        squares = rsqrtf(fmaxf(squares * (1.F / kColumns), 1e-24F / kColumns));
    }
#pragma unroll
    for (int i = 0; i < kColumns / 8; i += 4) {
        if (target.gain != nullptr) {
#pragma unroll
            for (int k = 0; k < 4; ++k) {
                const float2 gain = *reinterpret_cast<const float2*>(target.gain + channel +
                                                                     8 * (i + k) + 2 * quad);
#pragma unroll
                for (int p = 0; p < 2 * kBlocks; ++p) {
                    float& a = sums[p / 2][4 * (i + k) + 2 * (p % 2)];
                    float& b = sums[p / 2][4 * (i + k) + 2 * (p % 2) + 1];
                    a = fast_silu(a * factors[p / 2][p % 2] * gain.x);
                    b = fast_silu(b * factors[p / 2][p % 2] * gain.y);
                }
            }
        }
#pragma unroll
        for (int p = 0; p < 2 * kBlocks; ++p) {
            uint32_t words[4];
#pragma unroll
            for (int k = 0; k < 4; ++k) {
                const float* pair = sums[p / 2] + 4 * (i + k) + 2 * (p % 2);
                words[k] = pack(pair[0], pair[1]);
            }
            transpose_quad(words);
            if (pixels.inside[p / 2][p % 2]) {
                auto* to = static_cast<__nv_bfloat16*>(target.y) + pixels.offset[p / 2][p % 2] +
                           8 * (i + quad);
                *reinterpret_cast<uint4*>(to) = make_uint4(words[0], words[1], words[2], words[3]);
            }
        }
    }
}

// The same for so few channels that not all of them need exist, value by value.
template <typename Out, int kColumns, int kValues>
__device__ void finish_few(const ConvTarget& target, const Tile& tile, int v, int u, int half,
                           const float (&sums)[kValues]) {
#pragma unroll
    for (int i = 0; i < kColumns / 8; ++i) {
#pragma unroll
        for (int e = 0; e < 2; ++e) {
            const int n = tile.n + 8 * i + 2 * (static_cast<int>(threadIdx.x) % 4) + e;
            if (n < target.channels) {
                finish<__nv_bfloat16, Out>(target, tile.t, v, u, n, sums[4 * i + 2 * half + e]);
            }
        }
    }
}

template <int kColumns, int kDepth, int kBlocks, typename Out>
__global__ void __launch_bounds__((kMultipliers + 1) * kGroupThreads, 1)
    convolve_kernel(const __grid_constant__ TensorMap x, const __grid_constant__ TensorMap weight,
                    const ConvSource source, const ConvTarget target, const Tiles tiles) {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
    extern __shared__ uint8_t raw[];
    __shared__ hopper::Barrier full[kMaxStages], vacant[kMaxStages];
    constexpr int kLines = kMultipliers * kBlocks * kBlockLines;  // of a tile
    constexpr int kRowBytes = kDepth * 2;
    constexpr int kWeightBytes = kColumns * kRowBytes;  // for one tap in y
    auto* const shared =
        reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(raw) + 1023) & ~1023ULL);
    if (threadIdx.x == 0) {
        for (int i = 0; i < tiles.stages; ++i) {
            full[i].init(1);
            vacant[i].init(kMultipliers * kGroupThreads / 32);
        }
        hopper::fence_barriers();
    }
    __syncthreads();
    const auto group = static_cast<int>(threadIdx.x) / kGroupThreads;
    Place place;
    if (group == kMultipliers) {
        hopper::shrink_registers<24>();
        if (threadIdx.x % kGroupThreads != 0) {
            return;
        }
        const int taps = source.row_taps * source.column_taps;
        for (int index = static_cast<int>(blockIdx.x); index < tiles.total;
             index += static_cast<int>(gridDim.x)) {
            const Tile tile = tile_of<kColumns>(tiles, target, index, kLines);
            for (int t = 0; t < source.time_taps; ++t) {
                const int frame = source.frame(tile.t, t);
                for (int r = 0; r < source.row_taps; r += tiles.group) {
                    const int v = tile.v * source.stride + r - source.top;
                    for (int c = 0; c < source.column_taps; ++c) {
                        const int u = tile.u * source.stride + c - source.left;
                        const int tap = t * taps + r * source.column_taps + c;
                        for (int chunk = 0; chunk < tiles.chunks; ++chunk) {
                            uint8_t* box = shared + place.stage * tiles.stage_bytes;
                            hopper::Barrier& arrived = full[place.stage];
                            vacant[place.stage].wait(place.parity ^ 1);
                            arrived.arrive_and_expect(static_cast<unsigned>(tiles.stage_bytes));
                            hopper::load_box(box, x, arrived, chunk * kDepth, u, v, frame);
                            for (int g = 0; g < tiles.group; ++g) {
                                hopper::load_box(box + tiles.box_bytes + g * kWeightBytes, weight,
                                                 arrived, chunk * kDepth,
                                                 tap + g * source.column_taps, tile.n, 0);
                            }
                            place.next(tiles.stages);
                        }
                    }
                }
            }
        }
    } else {
        hopper::grow_registers<240>();
        const int steps = tiles.steps(source);
        const auto warp = static_cast<int>(threadIdx.x) % kGroupThreads / 32;
        const auto lane = static_cast<int>(threadIdx.x) % 32;
        float sums[kBlocks][kColumns / 2];
        for (int index = static_cast<int>(blockIdx.x); index < tiles.total;
             index += static_cast<int>(gridDim.x)) {
            const Tile tile = tile_of<kColumns>(tiles, target, index, kLines);
#pragma unroll
            for (int b = 0; b < kBlocks; ++b) {
                hopper::settle(sums[b]);
            }
            int before = -1;  // the stage whose products may be under way
            bool adds = false;
            for (int step = 0; step < steps; ++step) {
                full[place.stage].wait(place.parity);
                const uint8_t* box = shared + place.stage * tiles.stage_bytes;
                for (int g = 0; g < tiles.group; ++g) {
                    const uint8_t* lines =
                        box + (group * kBlocks * kBlockLines + g) * kTileWidth * kRowBytes;
                    const uint8_t* weights = box + tiles.box_bytes + g * kWeightBytes;
                    hopper::begin_products();
#pragma unroll
                    for (int k = 0; k < kDepth / kStep; ++k) {
                        const uint64_t right = hopper::rows_at<kRowBytes>(weights + k * kStep * 2);
#pragma unroll
                        for (int b = 0; b < kBlocks; ++b) {
                            const uint64_t left = hopper::rows_at<kRowBytes>(
                                lines + b * kBlockLines * kTileWidth * kRowBytes + k * kStep * 2);
                            hopper::multiply(sums[b], left, right, adds);
                        }
                        adds = true;
                    }
                    hopper::commit_products();
                    hopper::wait_for_products<1>();
                    if (g == 0 && before >= 0 && lane == 0) {
                        vacant[before].arrive();
                    }
                }
                before = place.stage;
                place.next(tiles.stages);
            }
            hopper::wait_for_products<0>();
            if (lane == 0) {
                vacant[before].arrive();
            }
            Pixels<kBlocks> pixels;
#pragma unroll
            for (int b = 0; b < kBlocks; ++b) {
                hopper::settle(sums[b]);
                const int v = tile.v + (group * kBlocks + b) * kBlockLines + warp;
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    const int u = tile.u + lane / 4 + 8 * half;
                    pixels.inside[b][half] = v < target.height && u < target.width;
                    if constexpr (kColumns >= 32) {
                        pixels.offset[b][half] = target.offset(tile.t, v, u, tile.n);
                    } else if (pixels.inside[b][half]) {
                        finish_few<Out, kColumns>(target, tile, v, u, half, sums[b]);
                    }
                }
            }
            if constexpr (kColumns >= 32) {
                finish_tile<kColumns, kBlocks>(target, tile.n, pixels, sums);
            }
        }
    }
#endif
}

}  // namespace longtake::diffusion
