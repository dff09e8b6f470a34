#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/layer_norm.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

// One row per block, kept in shared memory between the passes over it.
template <typename T>
__global__ void layer_norm_kernel(const float* x, const float* gain, const float* bias, int d,
                                  float eps, T* out) {
    extern __shared__ float row[];
    const float* from = x + int64_t{blockIdx.x} * d;
    T* to = out + int64_t{blockIdx.x} * d;
    float sum = 0;
    for (int i = threadIdx.x; i < d; i += kThreads) {
        row[i] = from[i];
        sum += row[i];
    }
    const float mean = block_sum(sum) / static_cast<float>(d);
    float squares = 0;
    for (int i = threadIdx.x; i < d; i += kThreads) {
        squares += (row[i] - mean) * (row[i] - mean);
    }
    const float scale = 1.F / sqrtf(block_sum(squares) / static_cast<float>(d) + eps);
    for (int i = threadIdx.x; i < d; i += kThreads) {
        store(to + i, (row[i] - mean) * scale * gain[i] + bias[i]);
    }
}

}  // namespace

void layer_norm_cuda(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps,
                     Tensor& out, GpuStream stream) {
    const int64_t rows = x.extent(0), d = x.extent(1);
    if (rows == 0) {
        return;
    }
    with_result_type(out.dtype(), [&](auto element) {
        layer_norm_kernel<<<static_cast<unsigned>(rows), kThreads,
                            static_cast<size_t>(d) * sizeof(float), stream>>>(
            x.data<float>(), gain.data<float>(), bias.data<float>(), static_cast<int>(d),
            static_cast<float>(eps), static_cast<decltype(element)*>(out.raw()));
    });
    cuda_check_launch("layer_norm");
}

}  // namespace longtake::diffusion
