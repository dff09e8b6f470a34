#include "diffusion/ops/add.h"
#include "diffusion/ops/elements.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

template <typename T> __global__ void add_kernel(const T* x, T* sum, int64_t count) {
    for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count;
         i += int64_t{gridDim.x} * kThreads) {
        store(sum + i, to_float(sum[i]) + to_float(x[i]));
    }
}

}  // namespace

void add_cuda(const Tensor& x, Tensor& sum, GpuStream stream) {
    with_type(x.dtype(), [&](auto element) {
        using T = decltype(element);
        add_kernel<<<blocks_for(x.count(), kThreads), kThreads, 0, stream>>>(
            static_cast<const T*>(x.raw()), static_cast<T*>(sum.raw()), x.count());
    });
    cuda_check_launch("add");
}

}  // namespace longtake::diffusion
