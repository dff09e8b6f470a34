#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/modulation.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

__global__ void modulation_kernel(const float* table, const float* e, int values, unsigned gains,
                                  int d, int count, float* out) {
    for (int i = blockIdx.x * kThreads + threadIdx.x; i < count; i += gridDim.x * kThreads) {
        out[i] = table[i] + e[i % values] + static_cast<float>(gains >> (i / d) & 1U);
    }
}

}  // namespace

void modulation_cuda(const Tensor& table, const Tensor& e, unsigned gains, Tensor& out,
                     GpuStream stream) {
    modulation_kernel<<<blocks_for(out.count(), kThreads), kThreads, 0, stream>>>(
        table.data<float>(), e.data<float>(), static_cast<int>(e.count()), gains,
        static_cast<int>(table.extent(1)), static_cast<int>(out.count()), out.data<float>());
    cuda_check_launch("modulation");
}

}  // namespace longtake::diffusion
