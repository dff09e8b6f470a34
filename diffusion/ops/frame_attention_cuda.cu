#include "diffusion/ops/frame_attention_cuda.h"

#include "diffusion/ops/elements.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

__device__ float block_max(float v) {
    __shared__ float parts[kThreads / 32];
    for (int step = 16; step > 0; step /= 2) {
        v = fmaxf(v, __shfl_xor_sync(0xffffffffU, v, step));
    }
    if (threadIdx.x % 32 == 0) {
        parts[threadIdx.x / 32] = v;
    }
    __syncthreads();
    for (const float part : parts) {
        v = fmaxf(v, part);
    }
    return v;
}

// A row per block, in shared memory meanwhile.
template <typename T> __global__ void softmax_kernel(float* logits, int columns, float scale) {
    extern __shared__ float row[];
    float* from = logits + int64_t{blockIdx.x} * columns;
    float largest = -INFINITY;
    for (int i = threadIdx.x; i < columns; i += kThreads) {
        row[i] = from[i] * scale;
        largest = fmaxf(largest, row[i]);
    }
    largest = block_max(largest);
    float sum = 0;
    for (int i = threadIdx.x; i < columns; i += kThreads) {
        row[i] = __expf(row[i] - largest);
        sum += row[i];
    }
    const float share = 1.F / block_sum(sum);
    auto* to = reinterpret_cast<T*>(from);
    for (int i = threadIdx.x; i < columns; i += kThreads) {
        store(to + i, row[i] * share);
    }
}

}  // namespace

void softmax_in_place_cuda(float* logits, int64_t rows, int64_t columns, float scale, DType type,
                           GpuStream stream) {
    const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
    with_type(type, [&](auto zero) {
        const auto kernel = softmax_kernel<decltype(zero)>;
        cuda_check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        static_cast<int>(bytes)),
                   "preparing a softmax");
        kernel<<<static_cast<unsigned>(rows), kThreads, bytes, stream>>>(
            logits, static_cast<int>(columns), scale);
    });
    cuda_check_launch("softmax");
}

}  // namespace longtake::diffusion
