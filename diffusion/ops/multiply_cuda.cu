#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/multiply.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

template <typename T>
__global__ void multiply_kernel(const float* a, const float* b, T* out, int64_t count) {
    for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count;
         i += int64_t{gridDim.x} * kThreads) {
        store(out + i, a[i] * b[i]);
    }
}

}  // namespace

void multiply_cuda(const Tensor& a, const Tensor& b, Tensor& out, GpuStream stream) {
    with_type(out.dtype(), [&](auto element) {
        multiply_kernel<<<blocks_for(a.count(), kThreads), kThreads, 0, stream>>>(
            a.data<float>(), b.data<float>(), static_cast<decltype(element)*>(out.raw()),
            a.count());
    });
    cuda_check_launch("multiply");
}

}  // namespace longtake::diffusion
