#pragma once

#include "diffusion/ops/elements.cuh"

#include <initializer_list>
#include <type_traits>

// A row of up to kRowMax elements in the registers of one warp, eight neighbours at a time: for ops
// that need a sum over the row before they can write it.
namespace longtake::diffusion {

constexpr int kChunk = 8, kMaxChunks = 8;
constexpr int kRowMax = 32 * kChunk * kMaxChunks;
constexpr int kRowsPerBlock = 8, kRowThreads = 32 * kRowsPerBlock;

__device__ inline void load_chunk(const float* from, float (&to)[kChunk]) {
    const float4 a = *reinterpret_cast<const float4*>(from);
    const float4 b = *reinterpret_cast<const float4*>(from + 4);
    to[0] = a.x, to[1] = a.y, to[2] = a.z, to[3] = a.w;
    to[4] = b.x, to[5] = b.y, to[6] = b.z, to[7] = b.w;
}
__device__ inline void load_chunk(const __nv_bfloat16* from, float (&to)[kChunk]) {
    const uint4 bits = *reinterpret_cast<const uint4*>(from);
    const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(&bits);
#pragma unroll
    for (int i = 0; i < kChunk / 2; ++i) {
        const float2 pair = __bfloat1622float2(pairs[i]);
        to[2 * i] = pair.x;
        to[2 * i + 1] = pair.y;
    }
}
__device__ inline void load_chunk(const __nv_fp8_e4m3* from, float (&to)[kChunk]) {
    const uint2 bits = *reinterpret_cast<const uint2*>(from);
    const unsigned words[]{bits.x, bits.y};
#pragma unroll
    for (int i = 0; i < kChunk; i += 2) {
        const auto pair = static_cast<__nv_fp8x2_storage_t>(words[i / 4] >> (i % 4 * 8));
        const float2 both = __half22float2(__half2(__nv_cvt_fp8x2_to_halfraw2(pair, __NV_E4M3)));
        to[i] = both.x;
        to[i + 1] = both.y;
    }
}
template <typename T> __device__ void store_chunk(T* to, const float (&from)[kChunk]) {
    struct alignas(16) {
        T values[kChunk];
    } chunk;
#pragma unroll
    for (int i = 0; i < kChunk; ++i) {
        store(chunk.values + i, from[i]);
    }
#pragma unroll
    for (size_t i = 0; i < sizeof(chunk) / sizeof(uint4); ++i) {
        reinterpret_cast<uint4*>(to)[i] = reinterpret_cast<const uint4*>(chunk.values)[i];
    }
}

// Four neighbours: of fp32 as much as a thread moves at once, so that a warp's neighbours lie side
// by side.
constexpr int kQuad = 4;
__device__ inline void load_chunk(const float* from, float (&to)[kQuad]) {
    const float4 a = *reinterpret_cast<const float4*>(from);
    to[0] = a.x, to[1] = a.y, to[2] = a.z, to[3] = a.w;
}
__device__ inline void load_chunk(const __nv_bfloat16* from, float (&to)[kQuad]) {
    const uint2 bits = *reinterpret_cast<const uint2*>(from);
    const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(&bits);
    const float2 a = __bfloat1622float2(pairs[0]), b = __bfloat1622float2(pairs[1]);
    to[0] = a.x, to[1] = a.y, to[2] = b.x, to[3] = b.y;
}
template <typename T> __device__ void store_chunk(T* to, const float (&from)[kQuad]) {
    struct alignas(kQuad * sizeof(T)) {
        T values[kQuad];
    } chunk;
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
        store(chunk.values + i, from[i]);
    }
    *reinterpret_cast<decltype(chunk)*>(to) = chunk;
}

// Four bytes of fp8, the first the lowest. Beyond 448 it is 448.
__device__ inline unsigned fp8_quad(float a, float b, float c, float d) {
    const auto pair = [](float x, float y) {
        return unsigned{__nv_cvt_float2_to_fp8x2(make_float2(x, y), __NV_SATFINITE, __NV_E4M3)};
    };
    return pair(a, b) | pair(c, d) << 16;
}
__device__ inline void store_chunk(__nv_fp8_e4m3* to, const float (&from)[kQuad]) {
    *reinterpret_cast<unsigned*>(to) = fp8_quad(from[0], from[1], from[2], from[3]);
}
__device__ inline void store_chunk(__nv_fp8_e4m3* to, const float (&from)[kChunk]) {
    *reinterpret_cast<uint2*>(to) = {fp8_quad(from[0], from[1], from[2], from[3]),
                                     fp8_quad(from[4], from[5], from[6], from[7])};
}

// Whether rows of `d` elements, `stride` apart, at these addresses go through.
inline bool fits_chunks(int64_t d, int64_t stride, std::initializer_list<const void*> addresses) {
    bool fits = d <= kRowMax && d % kChunk == 0 && stride % kChunk == 0;
    for (const void* a : addresses) {
        fits = fits && reinterpret_cast<uintptr_t>(a) % 16 == 0;
    }
    return fits;
}

// Calls `work` with the number of chunks that a thread has of a row of `d` elements, or one more.
template <typename Work> void with_chunks(int64_t d, Work&& work) {
    const int64_t pairs = (d + 64 * kChunk - 1) / (64 * kChunk);
    if (pairs <= 1) {
        work(std::integral_constant<int, 2>());
    } else if (pairs == 2) {
        work(std::integral_constant<int, 4>());
    } else if (pairs == 3) {
        work(std::integral_constant<int, 6>());
    } else {
        work(std::integral_constant<int, kMaxChunks>());
    }
}

// kChunks chunks of eight a thread, or twice as many of four.
template <int kChunks, int kWidth = kChunk> class WarpRow {
  public:
    __device__ explicit WarpRow(int d) : d_(d), lane_(static_cast<int>(threadIdx.x) % 32) {}

    template <typename T> __device__ void load(const T* row) {
        each([&](int at, float(&v)[kWidth]) { load_chunk(row + at, v); });
    }
    // The sum of term(value) over the row.
    template <typename Term> __device__ float sum(Term&& term) {
        float s = 0;
        each([&](int, float(&v)[kWidth]) {
#pragma unroll
            for (int i = 0; i < kWidth; ++i) {
                s += term(v[i]);
            }
        });
        return warp_sum(s);
    }
    // work(first column, the values of a chunk from there on)
    template <typename Work> __device__ void each(Work&& work) {
#pragma unroll
        for (int c = 0; c < kParts; ++c) {
            const int at = (32 * c + lane_) * kWidth;
            if (c < kParts - 2 * kChunk / kWidth || at < d_) {  // see with_chunks
                work(at, values_[c]);
            }
        }
    }

  private:
    static constexpr int kParts = kChunks * kChunk / kWidth;
    int d_, lane_;
    float values_[kParts][kWidth];
};

}  // namespace longtake::diffusion
