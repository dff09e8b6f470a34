#pragma once

#include "core/cuda.h"
#include "core/dtype.h"

#include <cuda_bf16.h>
#include <cuda_fp8.h>

#include <cstdint>

// What the kernels of the ops share: elements of fp32 or bf16, computed with in fp32.
namespace longtake::diffusion {

__device__ inline float to_float(float v) {
    return v;
}
__device__ inline float to_float(__nv_bfloat16 v) {
    return __bfloat162float(v);
}
__device__ inline float to_float(__nv_fp8_e4m3 v) {
    return static_cast<float>(v);
}
__device__ inline void store(float* at, float v) {
    *at = v;
}
__device__ inline void store(__nv_bfloat16* at, float v) {
    *at = __float2bfloat16_rn(v);
}
__device__ inline void store(__nv_fp8_e4m3* at, float v) {  // beyond 448 it is 448
    *at = __nv_fp8_e4m3(v);
}

// Calls `work` with a value of the element type, fp32 or bf16.
template <typename Work> void with_type(DType type, Work&& work) {
    if (type == DType::BF16) {
        work(__nv_bfloat16{});
    } else if (type == DType::F32) {
        work(float{});
    } else {
        cuda_check(cudaErrorNotSupported, "an op on elements other than fp32 and bf16");
    }
}

// The same for what only receives results: fp8 too.
template <typename Work> void with_result_type(DType type, Work&& work) {
    if (type == DType::F8E4M3) {
        work(__nv_fp8_e4m3{});
    } else {
        with_type(type, work);
    }
}

// Blocks of `threads` that cover `count`, few enough for any grid: kernels stride over the rest.
inline unsigned blocks_for(int64_t count, int threads) {
    const int64_t blocks = (count + threads - 1) / threads;
    return static_cast<unsigned>(blocks < 65535 * 16 ? blocks : 65535 * 16);
}

// The sum over a warp; every thread gets it.
__device__ inline float warp_sum(float v) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
        v += __shfl_xor_sync(0xffffffffU, v, step);
    }
    return v;
}

// The sum over a block of a multiple of 32 threads, up to 1024; every thread gets it.
__device__ inline float block_sum(float v) {
    __shared__ float parts[32];
    v = warp_sum(v);
    __syncthreads();  // `parts` of a call before may still be read
    if (threadIdx.x % 32 == 0) {
        parts[threadIdx.x / 32] = v;
    }
    __syncthreads();
    float sum = 0;
    for (unsigned i = 0; i < blockDim.x / 32; ++i) {
        sum += parts[i];
    }
    return sum;
}

}  // namespace longtake::diffusion
