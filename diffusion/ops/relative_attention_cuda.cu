#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/relative_attention.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 128, kWarps = kThreads / 32;
constexpr int kQueries = 8;  // of one head, for one block

// Weights of n keys for each query: [kQueries, n], then the queries: [kQueries, head_dim].
size_t shared_bytes(const RelativeAttention& p) {
    return static_cast<size_t>(kQueries * (p.n + p.head_dim)) * sizeof(float);
}

__device__ void softmax_row(float* row, int n, int lane) {
    float largest = -INFINITY, sum = 0;
    for (int i = lane; i < n; i += 32) {
        largest = fmaxf(largest, row[i]);
    }
    for (int step = 16; step > 0; step /= 2) {
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffffU, largest, step));
    }
    for (int i = lane; i < n; i += 32) {
        row[i] = expf(row[i] - largest);
        sum += row[i];
    }
    for (int step = 16; step > 0; step /= 2) {
        sum += __shfl_xor_sync(0xffffffffU, sum, step);
    }
    for (int i = lane; i < n; i += 32) {
        row[i] /= sum;
    }
}

// grid: (blocks of queries, heads)
template <typename T>
__global__ void __launch_bounds__(kThreads) attend_kernel(RelativeAttention p, T* out) {
    extern __shared__ float weights[];
    const int n = static_cast<int>(p.n), d = static_cast<int>(p.head_dim);
    const int head = static_cast<int>(blockIdx.y), first = static_cast<int>(blockIdx.x) * kQueries;
    const int queries = min(kQueries, n - first), thread = static_cast<int>(threadIdx.x);
    const int64_t row = p.heads * p.head_dim, column = int64_t{head} * d;
    float* q = weights + kQueries * n;
    for (int i = thread; i < queries * d; i += kThreads) {
        q[i] = p.q[(first + i / d) * row + column + i % d];
    }
    __syncthreads();
    for (int key = thread; key < n; key += kThreads) {
        const float* k = p.k + key * row + column;
        float sums[kQueries] = {};
        for (int i = 0; i < d; ++i) {
            for (int a = 0; a < kQueries; ++a) {
                sums[a] += a < queries ? q[a * d + i] * k[i] : 0.F;
            }
        }
        for (int a = 0; a < queries; ++a) {
            const int distance = key - (first + a) + n - 1;
            weights[a * n + key] = sums[a] + p.bias[p.bucket[distance] * p.heads + head];
        }
    }
    __syncthreads();
    for (int a = thread / 32; a < queries; a += kWarps) {
        softmax_row(weights + a * n, n, thread % 32);
    }
    __syncthreads();
    for (int i = thread; i < queries * d; i += kThreads) {
        const float* weight = weights + i / d * n;
        const float* v = p.v + column + i % d;
        float sum = 0;
        for (int key = 0; key < n; ++key) {
            sum += weight[key] * v[key * row];
        }
        store(out + (first + i / d) * row + column + i % d, sum);
    }
}

}  // namespace

void relative_attention_cuda(const RelativeAttention& p, Tensor& out, GpuStream stream) {
    const dim3 grid(static_cast<unsigned>((p.n + kQueries - 1) / kQueries),
                    static_cast<unsigned>(p.heads));
    with_type(out.dtype(), [&](auto element) {
        attend_kernel<<<grid, kThreads, shared_bytes(p), stream>>>(
            p, static_cast<decltype(element)*>(out.raw()));
    });
    cuda_check_launch("relative_attention");
}

}  // namespace longtake::diffusion
