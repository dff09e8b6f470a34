#include "core/cuda.h"
#include "gaussians/train/latents.h"

namespace longtake::gaussians {
namespace {

constexpr int kThreads = 256;
constexpr int kRows = 64;          // that a block has in shared memory at a time
constexpr unsigned kBlocks = 528;  // several for each multiprocessor: each ends in atomic additions
constexpr int kMostSums = (kMostLatents + 1) * kMostFeatures;
constexpr int kSumsPerThread = (kMostSums + kThreads - 1) / kThreads;

__device__ float gate_of(const LatentRows& rows, int64_t row) {
    return rows.gates == nullptr ? 1.F : rows.gates[row];
}

__global__ void __launch_bounds__(kThreads)
    decode_latents_kernel(const LatentRows rows, float* to) {
    const int64_t at = int64_t{blockIdx.x} * kThreads + threadIdx.x;
    if (at >= rows.count * rows.features) {
        return;
    }
    const int64_t row = at / rows.features;
    const int f = static_cast<int>(at - row * rows.features);
    const float gate = gate_of(rows, row);
    float sum = rows.shift[f];
    for (int l = 0; l < rows.latents; ++l) {
        sum +=
            rintf(gate * rows.values[row * rows.latents + l]) * rows.matrix[l * rows.features + f];
    }
    to[at] = rows.before == nullptr ? sum : sum + rows.before[at];
}

// Rows and their gradients pass through shared memory; a thread keeps the sums of a few elements of
// the matrix, of which the shift is the last row, its latent being 1.
__global__ void __launch_bounds__(kThreads)
    decode_latents_backward_kernel(const LatentRows rows, const LatentGradient g) {
    __shared__ float matrix[kMostSums];
    __shared__ float latents[kRows * (kMostLatents + 1)];
    __shared__ float by[kRows * kMostFeatures];
    __shared__ float by_gates[kRows * kMostLatents];
    const int features = rows.features, wide = rows.latents + 1;
    const int count = rows.latents * features, sums = wide * features;
    for (int k = threadIdx.x; k < count; k += kThreads) {
        matrix[k] = rows.matrix[k];
    }
    float sum[kSumsPerThread] = {};
    for (int64_t first = int64_t{blockIdx.x} * kRows; first < rows.count;
         first += int64_t{gridDim.x} * kRows) {
        const int64_t left = rows.count - first;
        const int here = static_cast<int>(left < kRows ? left : kRows);
        __syncthreads();
        for (int k = threadIdx.x; k < here * features; k += kThreads) {
            by[k] = g.by_column[first * features + k];
        }
        for (int k = threadIdx.x; k < here * wide; k += kThreads) {
            const int row = k / wide, l = k - row * wide;
            const int64_t at = (first + row) * rows.latents + l;
            latents[k] =
                l < rows.latents ? rintf(gate_of(rows, first + row) * rows.values[at]) : 1.F;
        }
        __syncthreads();
        for (int k = threadIdx.x; k < here * rows.latents; k += kThreads) {
            const int row = k / rows.latents, l = k - row * rows.latents;
            float slope = 0;
            for (int f = 0; f < features; ++f) {
                slope += matrix[l * features + f] * by[row * features + f];
            }
            const int64_t at = first * rows.latents + k;
            g.by_values[at] = gate_of(rows, first + row) * slope;
            by_gates[k] = rows.values[at] * slope;
        }
        if (rows.gates != nullptr) {
            __syncthreads();
            for (int row = threadIdx.x; row < here; row += kThreads) {
                float sum_of_row = 0;
                for (int l = 0; l < rows.latents; ++l) {
                    sum_of_row += by_gates[row * rows.latents + l];
                }
                g.by_gates[first + row] += sum_of_row;
            }
        }
#pragma unroll
        for (int s = 0; s < kSumsPerThread; ++s) {
            const int k = s * kThreads + static_cast<int>(threadIdx.x);
            if (k < sums) {
                const int l = k / features, f = k - l * features;
                for (int row = 0; row < here; ++row) {
                    sum[s] += latents[row * wide + l] * by[row * features + f];
                }
            }
        }
    }
#pragma unroll
    for (int s = 0; s < kSumsPerThread; ++s) {
        const int k = s * kThreads + static_cast<int>(threadIdx.x);
        if (k < sums) {
            atomicAdd(k < count ? g.by_matrix + k : g.by_shift + (k - count), sum[s]);
        }
    }
}

}  // namespace

void decode_latents_cuda(const LatentRows& rows, float* column, GpuStream stream) {
    const int64_t count = rows.count * rows.features;
    const auto blocks = static_cast<unsigned>((count + kThreads - 1) / kThreads);
    decode_latents_kernel<<<blocks, kThreads, 0, stream>>>(rows, column);
    cuda_check_launch("decode_latents_kernel");
}

void decode_latents_backward_cuda(const LatentRows& rows, const LatentGradient& gradient,
                                  GpuStream stream) {
    const auto needed = static_cast<unsigned>((rows.count + kRows - 1) / kRows);
    const unsigned blocks = needed < kBlocks ? needed : kBlocks;
    decode_latents_backward_kernel<<<blocks, kThreads, 0, stream>>>(rows, gradient);
    cuda_check_launch("decode_latents_backward_kernel");
}

}  // namespace longtake::gaussians
