#include "diffusion/ops/denoise.h"
#include "diffusion/ops/elements.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

// In double, as on the CPU.
__global__ void mix_kernel(const float* a, double a_share, const float* b, double b_share,
                           float* out, int64_t count) {
    for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count;
         i += int64_t{gridDim.x} * kThreads) {
        out[i] = static_cast<float>(a_share * a[i] + b_share * b[i]);
    }
}

}  // namespace

void predict_clean_cuda(const Tensor& noisy, const Tensor& flow, double sigma, Tensor& clean,
                        GpuStream stream) {
    mix_kernel<<<blocks_for(clean.count(), kThreads), kThreads, 0, stream>>>(
        noisy.data<float>(), 1.0, flow.data<float>(), -sigma, clean.data<float>(), clean.count());
    cuda_check_launch("predict_clean");
}

void add_noise_cuda(const Tensor& clean, const Tensor& noise, double sigma, Tensor& noisy,
                    GpuStream stream) {
    mix_kernel<<<blocks_for(noisy.count(), kThreads), kThreads, 0, stream>>>(
        clean.data<float>(), 1.0 - sigma, noise.data<float>(), sigma, noisy.data<float>(),
        noisy.count());
    cuda_check_launch("add_noise");
}

}  // namespace longtake::diffusion
