#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/row_chunks.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

struct Norm {
    const float *gain, *bias;
    int d;
    float eps;
};

// One row per block, kept in shared memory between the passes over it.
template <typename T> __global__ void layer_norm_kernel(const float* x, Norm norm, T* out) {
    extern __shared__ float row[];
    const int d = norm.d;
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
    const float scale = 1.F / sqrtf(block_sum(squares) / static_cast<float>(d) + norm.eps);
    for (int i = threadIdx.x; i < d; i += kThreads) {
        store(to + i, (row[i] - mean) * scale * norm.gain[i] + norm.bias[i]);
    }
}

// Rows are read and written in fp32.
template <int kChunks> using NormRow = WarpRow<kChunks, kQuad>;

// Rows of a block, one per warp: few, so that blocks come and go one by one.
constexpr int kNormRows = 4, kNormThreads = 32 * kNormRows;

template <int kChunks, typename T>
__device__ void write_normed(NormRow<kChunks>& row, const Norm& norm, T* out) {
    const auto d = static_cast<float>(norm.d);
    const float mean = row.sum([](float v) { return v; }) / d;
    const float squares = row.sum([=](float v) { return (v - mean) * (v - mean); });
    const float scale = rsqrtf(squares / d + norm.eps);
    row.each([&](int at, float(&v)[kQuad]) {
        float g[kQuad], b[kQuad];
        load_chunk(norm.gain + at, g);
        load_chunk(norm.bias + at, b);
#pragma unroll
        for (int i = 0; i < kQuad; ++i) {
            v[i] = (v[i] - mean) * scale * g[i] + b[i];
        }
        store_chunk(out + at, v);
    });
}

template <int kChunks, typename T>
__global__ void __launch_bounds__(kNormThreads)
    layer_norm_rows_kernel(const float* x, Norm norm, int64_t rows, T* out) {
    const int64_t r = int64_t{blockIdx.x} * kNormRows + threadIdx.x / 32;
    if (r < rows) {
        NormRow<kChunks> row(norm.d);
        row.load(x + r * norm.d);
        write_normed(row, norm, out + r * norm.d);
    }
}

template <int kChunks, typename R, typename T>
__global__ void __launch_bounds__(kNormThreads)
    add_layer_norm_kernel(const R* __restrict__ result, const float* __restrict__ gate,
                          float* __restrict__ x, Norm norm, int64_t rows, T* __restrict__ out) {
    const int64_t r = int64_t{blockIdx.x} * kNormRows + threadIdx.x / 32;
    if (r >= rows) {
        return;
    }
    float* to = x + r * norm.d;
    NormRow<kChunks> row(norm.d);
    row.load(to);
    row.each([&](int at, float(&v)[kQuad]) {
        float more[kQuad], g[kQuad];
        load_chunk(result + r * norm.d + at, more);
        if (gate != nullptr) {
            load_chunk(gate + at, g);
        }
#pragma unroll
        for (int i = 0; i < kQuad; ++i) {
            v[i] += gate != nullptr ? g[i] * more[i] : more[i];
        }
        store_chunk(to + at, v);
    });
    write_normed(row, norm, out + r * norm.d);
}

Norm norm_of(const Tensor& gain, const Tensor& bias, double eps) {
    return {gain.data<float>(), bias.data<float>(), static_cast<int>(gain.count()),
            static_cast<float>(eps)};
}

}  // namespace

void layer_norm_cuda(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps,
                     Tensor& out, GpuStream stream) {
    const int64_t rows = x.extent(0), d = x.extent(1);
    if (rows == 0) {
        return;
    }
    const Norm norm = norm_of(gain, bias, eps);
    with_result_type(out.dtype(), [&](auto element) {
        auto* to = static_cast<decltype(element)*>(out.raw());
        if (fits_chunks(d, d, {x.raw(), norm.gain, norm.bias, to})) {
            with_chunks(d, [&](auto chunks) {
                layer_norm_rows_kernel<chunks.value>
                    <<<blocks_for(rows, kNormRows), kNormThreads, 0, stream>>>(x.data<float>(),
                                                                               norm, rows, to);
            });
            return;
        }
        layer_norm_kernel<<<static_cast<unsigned>(rows), kThreads,
                            static_cast<size_t>(d) * sizeof(float), stream>>>(x.data<float>(), norm,
                                                                              to);
    });
    cuda_check_launch("layer_norm");
}

bool add_layer_norm_cuda(const void* r, DType r_type, const float* gate, Tensor& x,
                         const Tensor& gain, const Tensor& bias, double eps, Tensor& out,
                         GpuStream stream) {
    const int64_t rows = x.extent(0), d = x.extent(1);
    const Norm norm = norm_of(gain, bias, eps);
    if (!fits_chunks(d, d, {r, gate, x.raw(), norm.gain, norm.bias, out.raw()})) {
        return false;
    }
    with_type(r_type, [&](auto from) {
        with_result_type(out.dtype(), [&](auto to) {
            with_chunks(d, [&](auto chunks) {
                add_layer_norm_kernel<chunks.value>
                    <<<blocks_for(rows, kNormRows), kNormThreads, 0, stream>>>(
                        static_cast<const decltype(from)*>(r), gate, x.data<float>(), norm, rows,
                        static_cast<decltype(to)*>(out.raw()));
            });
        });
    });
    cuda_check_launch("add_layer_norm");
    return true;
}

}  // namespace longtake::diffusion
