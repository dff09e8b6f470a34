#include "diffusion/ops/elements.cuh"
#include "generator/cache/frame_change.h"

namespace longtake::generator {
namespace {

using diffusion::to_float;

constexpr int kLanes = 32, kWarps = 32;
constexpr unsigned kAll = 0xffffffffU;

__device__ float warp_sum(float v) {
    for (int step = kLanes / 2; step > 0; step /= 2) {
        v += __shfl_xor_sync(kAll, v, step);
    }
    return v;
}

// A block for each patch of `size` tokens, a warp for each token at a time.
template <typename T>
__global__ void change_kernel(const T* keys, int64_t stride, int64_t first, int size, int tokens,
                              int heads, int dim, diffusion::HeadList voters, float* scores) {
    __shared__ float cosines[kWarps];
    const int64_t patch = int64_t{blockIdx.x} * size;
    float sum = 0;
    for (int token = threadIdx.y; token < size; token += kWarps) {
        float both = 0, now = 0, later = 0;
        for (int i = 0; i < voters.size(heads); ++i) {
            const T* a = keys + (voters[i] * stride + first + patch + token) * dim;
            for (int d = threadIdx.x; d < dim; d += kLanes) {
                const float x = to_float(a[d]), y = to_float(a[int64_t{tokens} * dim + d]);
                both += x * y;
                now += x * x;
                later += y * y;
            }
        }
        sum += warp_sum(both) * rsqrtf(fmaxf(warp_sum(now) * warp_sum(later), 1e-30F));
    }
    if (threadIdx.x == 0) {
        cosines[threadIdx.y] = sum;
    }
    __syncthreads();
    const float all = warp_sum(cosines[threadIdx.x]);
    for (int i = threadIdx.y * kLanes + threadIdx.x; i < size; i += kLanes * kWarps) {
        scores[patch + i] = 1 - all / static_cast<float>(size);
    }
}

}  // namespace

void score_change_cuda(const diffusion::KvView& keys, Range slots, int64_t heads, int64_t head_dim,
                       const FrameChange& how, Tensor& scores, GpuStream stream) {
    const int64_t size = how.tokens / how.patches;
    diffusion::with_type(keys.dtype, [&](auto element) {
        change_kernel<<<static_cast<unsigned>(slots.count() / size), dim3(kLanes, kWarps), 0,
                        stream>>>(static_cast<const decltype(element)*>(keys.keys), keys.stride,
                                  slots.begin, static_cast<int>(size), static_cast<int>(how.tokens),
                                  static_cast<int>(heads), static_cast<int>(head_dim), how.voters,
                                  scores.data<float>());
    });
    cuda_check_launch("score_change");
}

}  // namespace longtake::generator
