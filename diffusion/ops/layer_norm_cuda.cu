#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/row_chunks.cuh"

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

// One row per warp.
template <typename T>
__global__ void __launch_bounds__(kRowThreads)
    layer_norm_rows_kernel(const float* x, const float* gain, const float* bias, int64_t rows,
                           int d, float eps, T* out) {
    const int64_t r = int64_t{blockIdx.x} * kRowsPerBlock + threadIdx.x / 32;
    if (r >= rows) {
        return;
    }
    WarpRow row(d);
    row.load(x + r * d);
    const float mean = row.sum([](float v) { return v; }) / static_cast<float>(d);
    const float squares = row.sum([=](float v) { return (v - mean) * (v - mean); });
    const float scale = rsqrtf(squares / static_cast<float>(d) + eps);
    row.each([&](int at, float(&v)[kChunk]) {
        float g[kChunk], b[kChunk];
        load_chunk(gain + at, g);
        load_chunk(bias + at, b);
#pragma unroll
        for (int i = 0; i < kChunk; ++i) {
            v[i] = (v[i] - mean) * scale * g[i] + b[i];
        }
        store_chunk(out + r * d + at, v);
    });
}

}  // namespace

void layer_norm_cuda(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps,
                     Tensor& out, GpuStream stream) {
    const int64_t rows = x.extent(0), d = x.extent(1);
    if (rows == 0) {
        return;
    }
    with_result_type(out.dtype(), [&](auto element) {
        auto* to = static_cast<decltype(element)*>(out.raw());
        if (fits_chunks(d, d, {x.raw(), gain.raw(), bias.raw(), to})) {
            layer_norm_rows_kernel<<<blocks_for(rows, kRowsPerBlock), kRowThreads, 0, stream>>>(
                x.data<float>(), gain.data<float>(), bias.data<float>(), rows, static_cast<int>(d),
                static_cast<float>(eps), to);
            return;
        }
        layer_norm_kernel<<<static_cast<unsigned>(rows), kThreads,
                            static_cast<size_t>(d) * sizeof(float), stream>>>(
            x.data<float>(), gain.data<float>(), bias.data<float>(), static_cast<int>(d),
            static_cast<float>(eps), to);
    });
    cuda_check_launch("layer_norm");
}

}  // namespace longtake::diffusion
