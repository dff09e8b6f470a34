#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/linear_cuda.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

__device__ int64_t first() {
    return int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
}
__device__ int64_t step() {
    return int64_t{gridDim.x} * blockDim.x;
}

template <typename Y>
__global__ void bias_kernel(Y* y, const float* bias, int64_t count, int64_t columns) {
    for (int64_t i = first(); i < count; i += step()) {
        store(y + i, to_float(y[i]) + bias[i % columns]);
    }
}

template <typename R, typename Y> __global__ void gelu_kernel(const R* r, Y* y, int64_t count) {
    for (int64_t i = first(); i < count; i += step()) {
        const float v = to_float(r[i]);
        const float inner = 0.7978845608028654F * (v + 0.044715F * v * v * v);
        store(y + i, 0.5F * v * (1.F + tanhf(inner)));
    }
}

template <typename R>
__global__ void gated_add_kernel(const R* r, const float* gate, float* y, int64_t rows,
                                 int64_t columns) {
    for (int64_t i = first(); i < rows * columns; i += step()) {
        y[i] += (gate == nullptr ? 1.F : gate[i % columns]) * to_float(r[i]);
    }
}

// Four neighbours at a time; columns is a multiple of 4, the pointers are aligned for it.
__global__ void gated_add4_kernel(const __nv_bfloat16* r, const float* gate, float* y,
                                  int64_t quads, int columns) {
    for (int64_t i = first(); i < quads; i += step()) {
        const auto at = static_cast<int>(i % (columns / 4)) * 4;
        const float4 g = *reinterpret_cast<const float4*>(gate + at);
        const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(r + 4 * i);
        const float2 a = __bfloat1622float2(pairs[0]), b = __bfloat1622float2(pairs[1]);
        float4 sum = *reinterpret_cast<const float4*>(y + 4 * i);
        sum.x += g.x * a.x;
        sum.y += g.y * a.y;
        sum.z += g.z * b.x;
        sum.w += g.w * b.y;
        *reinterpret_cast<float4*>(y + 4 * i) = sum;
    }
}

bool aligned(const void* p) {
    return reinterpret_cast<uintptr_t>(p) % 16 == 0;
}

}  // namespace

void bias_cuda(void* y, DType type, const float* b, int64_t rows, int64_t columns,
               GpuStream stream) {
    with_type(type, [&](auto element) {
        bias_kernel<<<blocks_for(rows * columns, kThreads), kThreads, 0, stream>>>(
            static_cast<decltype(element)*>(y), b, rows * columns, columns);
    });
    cuda_check_launch("bias");
}

void gelu_cuda(const void* r, DType r_type, void* y, DType y_type, int64_t count,
               GpuStream stream) {
    with_type(r_type, [&](auto from) {
        with_result_type(y_type, [&](auto to) {
            gelu_kernel<<<blocks_for(count, kThreads), kThreads, 0, stream>>>(
                static_cast<const decltype(from)*>(r), static_cast<decltype(to)*>(y), count);
        });
    });
    cuda_check_launch("gelu");
}

void gated_add_cuda(const void* r, DType r_type, const float* gate, float* y, int64_t rows,
                    int64_t columns, GpuStream stream) {
    const int64_t count = rows * columns;
    if (r_type == DType::BF16 && gate != nullptr && columns % 4 == 0 && aligned(r) &&
        aligned(gate) && aligned(y)) {
        gated_add4_kernel<<<blocks_for(count / 4, kThreads), kThreads, 0, stream>>>(
            static_cast<const __nv_bfloat16*>(r), gate, y, count / 4, static_cast<int>(columns));
    } else {
        with_type(r_type, [&](auto from) {
            gated_add_kernel<<<blocks_for(count, kThreads), kThreads, 0, stream>>>(
                static_cast<const decltype(from)*>(r), gate, y, rows, columns);
        });
    }
    cuda_check_launch("gated_add");
}

}  // namespace longtake::diffusion
