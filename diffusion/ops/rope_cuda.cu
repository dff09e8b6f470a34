#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/rope.h"
#include "diffusion/ops/rope_angle.cuh"

#include <algorithm>

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 128;
constexpr int kMaxPairs = 128;
constexpr int kBatch = 32;

// Positions travel as an argument of the kernel: nothing waits for a copy.
struct Positions {
    double at[kBatch];
};

__global__ void rope_angles_kernel(Positions positions, int pairs, double theta, float2* table) {
    for (int k = threadIdx.x; k < pairs; k += kThreads) {
        table[blockIdx.x * pairs + k] = rope_angle(positions.at[blockIdx.x], k, pairs, theta);
    }
}

// Block (p, g, z): rows `first + p * span + z`, ... of group g, those of one position.
template <typename T>
__global__ void rope_time_kernel(const T* keys, T* out, Positions positions, int64_t rows,
                                 int64_t first, int64_t span, int d, int pairs, double theta) {
    __shared__ float2 turns[kMaxPairs];
    for (int k = threadIdx.x; k < pairs; k += kThreads) {
        turns[k] = rope_angle(positions.at[blockIdx.x], k, pairs, theta);
    }
    __syncthreads();
    const int64_t start = blockIdx.y * rows + first + blockIdx.x * span;
    for (int64_t r = blockIdx.z; r < span; r += gridDim.z) {
        const T* x = keys + (start + r) * d;
        T* y = out + (start + r) * d;
        for (int k = threadIdx.x; k < d / 2; k += kThreads) {
            float a = to_float(x[2 * k]), b = to_float(x[2 * k + 1]);
            turn_pair(a, b, k < pairs ? turns[k] : make_float2(1.F, 0.F));
            store(y + 2 * k, a);
            store(y + 2 * k + 1, b);
        }
    }
}

template <typename Work> void in_batches(std::span<const double> all, Work&& work) {
    for (size_t begin = 0; begin < all.size(); begin += kBatch) {
        const auto batch = all.subspan(begin, std::min<size_t>(kBatch, all.size() - begin));
        Positions positions;
        std::copy(batch.begin(), batch.end(), positions.at);
        work(positions, static_cast<int64_t>(begin), static_cast<unsigned>(batch.size()));
    }
}

}  // namespace

void rope_angles_cuda(std::span<const double> positions, double theta, Tensor& table,
                      GpuStream stream) {
    const int64_t pairs = table.extent(1);
    if (pairs == 0) {
        return;
    }
    auto* to = reinterpret_cast<float2*>(table.data<float>());
    in_batches(positions, [&](const Positions& batch, int64_t begin, unsigned count) {
        rope_angles_kernel<<<count, kThreads, 0, stream>>>(batch, static_cast<int>(pairs), theta,
                                                           to + begin * pairs);
    });
    cuda_check_launch("rope_angles");
}

void rope_time_cuda(const Tensor& keys, std::span<const double> positions, Tensor& out,
                    double theta, GpuStream stream) {
    const int64_t groups = keys.extent(0), rows = keys.extent(1), d = keys.extent(2);
    const int64_t pairs = RopeAxes(d).time, span = rows / static_cast<int64_t>(positions.size());
    if (keys.count() == 0) {
        return;
    }
    if (pairs > kMaxPairs || groups > 65535) {
        cuda_check(cudaErrorInvalidValue, "rope_time: too many groups or pairs");
    }
    with_type(keys.dtype(), [&](auto element) {
        using T = decltype(element);
        in_batches(positions, [&](const Positions& batch, int64_t begin, unsigned count) {
            const dim3 grid(count, static_cast<unsigned>(groups),
                            static_cast<unsigned>(std::min<int64_t>(span, 64)));
            rope_time_kernel<<<grid, kThreads, 0, stream>>>(
                static_cast<const T*>(keys.raw()), static_cast<T*>(out.raw()), batch, rows,
                begin * span, span, static_cast<int>(d), static_cast<int>(pairs), theta);
        });
    });
    cuda_check_launch("rope_time");
}

}  // namespace longtake::diffusion
