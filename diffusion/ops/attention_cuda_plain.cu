#include "diffusion/ops/attention_cuda.h"
#include "diffusion/ops/elements.cuh"

#include <cmath>

namespace longtake::diffusion {
namespace {

constexpr int kWarps = 4, kLanes = 32, kMaxDim = 128;
constexpr int kPerLane = kMaxDim / kLanes;
constexpr unsigned kAll = 0xffffffffU;

// A warp per query row: 32 keys at a time, a lane each for the scores; then a lane holds the
// dimensions lane, lane + 32 ... of the result.
template <typename T>
__global__ void attention_plain_kernel(const T* q, const T* keys, const T* values, T* out,
                                       const float* key_bias, int64_t rows, int heads, int dim,
                                       int64_t slots, int64_t stride, float scale, HeadList list) {
    __shared__ float queries[kWarps][kMaxDim];
    const int warp = threadIdx.x / kLanes, lane = threadIdx.x % kLanes;
    const int head = list[static_cast<int>(blockIdx.y)];
    const int64_t row = int64_t{blockIdx.x} * kWarps + warp;
    if (row >= rows) {  // a whole warp; there is no barrier of the block below
        return;
    }
    const int64_t at = (row * heads + head) * dim;
    for (int i = lane; i < dim; i += kLanes) {
        queries[warp][i] = to_float(q[at + i]) * scale;
    }
    __syncwarp();
    const T* k = keys + head * stride * dim;
    const T* v = values + head * stride * dim;
    float largest = -INFINITY, total = 0, sums[kPerLane] = {};
    for (int64_t begin = 0; begin < slots; begin += kLanes) {
        const int64_t key = begin + lane;
        float score = -INFINITY;
        if (key < slots) {
            score = 0;
            for (int i = 0; i < dim; ++i) {
                score += queries[warp][i] * to_float(k[key * dim + i]);
            }
            score += key_bias == nullptr ? 0.F : key_bias[key];
        }
        float top = score;
        for (int step = 16; step > 0; step /= 2) {
            top = fmaxf(top, __shfl_xor_sync(kAll, top, step));
        }
        top = fmaxf(top, largest);
        const float shrink = expf(largest - top), weight = expf(score - top);
        largest = top;
        float sum = weight;
        for (int step = 16; step > 0; step /= 2) {
            sum += __shfl_xor_sync(kAll, sum, step);
        }
        total = total * shrink + sum;
        for (float& s : sums) {
            s *= shrink;
        }
        const int count = static_cast<int>(slots - begin < kLanes ? slots - begin : kLanes);
        for (int j = 0; j < count; ++j) {
            const float w = __shfl_sync(kAll, weight, j);
            for (int p = 0; p < kPerLane; ++p) {
                const int i = lane + p * kLanes;
                if (i < dim) {
                    sums[p] += w * to_float(v[(begin + j) * dim + i]);
                }
            }
        }
    }
    for (int p = 0; p < kPerLane; ++p) {
        const int i = lane + p * kLanes;
        if (i < dim) {
            store(out + at + i, sums[p] / total);
        }
    }
}

}  // namespace

void attention_cuda_plain(const AttentionProblem& p, GpuStream stream) {
    const dim3 grid(static_cast<unsigned>((p.rows + kWarps - 1) / kWarps),
                    static_cast<unsigned>(p.listed()));
    with_type(p.dtype, [&](auto element) {
        using T = decltype(element);
        attention_plain_kernel<<<grid, kWarps * kLanes, 0, stream>>>(
            static_cast<const T*>(p.q), static_cast<const T*>(p.keys),
            static_cast<const T*>(p.values), static_cast<T*>(p.out), p.key_bias, p.rows,
            static_cast<int>(p.heads), static_cast<int>(p.head_dim), p.slots, p.stride,
            1.F / std::sqrt(static_cast<float>(p.head_dim)), p.list);
    });
    cuda_check_launch("attention");
}

}  // namespace longtake::diffusion
