#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/timestep_embedding.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

template <typename T> __global__ void embed_kernel(double timestep, int half, T* out) {
    for (int i = blockIdx.x * kThreads + threadIdx.x; i < half; i += gridDim.x * kThreads) {
        const double angle =
            timestep * pow(10000.0, -static_cast<double>(i) / static_cast<double>(half));
        store(out + i, static_cast<float>(cos(angle)));
        store(out + half + i, static_cast<float>(sin(angle)));
    }
}

template <typename T> __global__ void silu_kernel(const float* x, T* y, int64_t count) {
    for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count;
         i += int64_t{gridDim.x} * kThreads) {
        store(y + i, x[i] / (1.F + expf(-x[i])));
    }
}

}  // namespace

void timestep_embedding_cuda(double timestep, Tensor& out, GpuStream stream) {
    const int64_t half = out.count() / 2;
    with_type(out.dtype(), [&](auto element) {
        embed_kernel<<<blocks_for(half, kThreads), kThreads, 0, stream>>>(
            timestep, static_cast<int>(half), static_cast<decltype(element)*>(out.raw()));
    });
    cuda_check_launch("timestep_embedding");
}

void silu_cuda(const Tensor& x, Tensor& y, GpuStream stream) {
    with_type(y.dtype(), [&](auto element) {
        silu_kernel<<<blocks_for(x.count(), kThreads), kThreads, 0, stream>>>(
            x.data<float>(), static_cast<decltype(element)*>(y.raw()), x.count());
    });
    cuda_check_launch("silu");
}

}  // namespace longtake::diffusion
