#include "diffusion/ops/activation.h"
#include "diffusion/ops/elements.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

template <typename T>
__global__ void activate_kernel(const float* x, Activation activation, T* out, int64_t count) {
    for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count;
         i += int64_t{gridDim.x} * kThreads) {
        const float v = x[i];
        store(out + i,
              activation == Activation::Gelu ? v * normcdff(v) : v / (1.F + expf(-1.702F * v)));
    }
}

}  // namespace

void activate_cuda(const Tensor& x, Activation activation, Tensor& out, GpuStream stream) {
    with_type(out.dtype(), [&](auto element) {
        activate_kernel<<<blocks_for(x.count(), kThreads), kThreads, 0, stream>>>(
            x.data<float>(), activation, static_cast<decltype(element)*>(out.raw()), x.count());
    });
    cuda_check_launch("activation");
}

}  // namespace longtake::diffusion
