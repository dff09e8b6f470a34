#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/norm_silu.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

// Reads and writes kWide elements at a time.
template <typename T, int kWide> struct Elements {
    __device__ static void load(const T* from, float (&values)[kWide]) {
        if constexpr (kWide == 1) {
            values[0] = to_float(*from);
        } else {
            const uint4 bits = *reinterpret_cast<const uint4*>(from);
            const auto* parts = reinterpret_cast<const T*>(&bits);
#pragma unroll
            for (int i = 0; i < kWide; ++i) {
                values[i] = to_float(parts[i]);
            }
        }
    }
    __device__ static void save(T* to, const float (&values)[kWide]) {
        if constexpr (kWide == 1) {
            store(to, values[0]);
        } else {
            uint4 bits;
            auto* parts = reinterpret_cast<T*>(&bits);
#pragma unroll
            for (int i = 0; i < kWide; ++i) {
                store(parts + i, values[i]);
            }
            *reinterpret_cast<uint4*>(to) = bits;
        }
    }
};

// A group of kLanes threads per pixel. The second reading of a pixel finds it in the cache.
template <typename T, int kWide, int kLanes>
__global__ void norm_silu_kernel(const T* x, const float* gain, int channels, int64_t pixels,
                                 bool silu, T* y) {
    const int lane = static_cast<int>(threadIdx.x) % kLanes;
    const int64_t pixel = (int64_t{blockIdx.x} * kThreads + threadIdx.x) / kLanes;
    const bool inside = pixel < pixels;
    const T* from = x + (inside ? pixel : 0) * channels;
    float values[kWide], squares = 0;
    for (int c = lane * kWide; c < channels; c += kLanes * kWide) {
        Elements<T, kWide>::load(from + c, values);
#pragma unroll
        for (int i = 0; i < kWide; ++i) {
            squares += values[i] * values[i];
        }
    }
    for (int step = kLanes / 2; step > 0; step /= 2) {
        squares += __shfl_xor_sync(0xffffffffU, squares, step);
    }
    if (!inside) {
        return;
    }
    const float factor = sqrtf(static_cast<float>(channels)) / fmaxf(sqrtf(squares), 1e-12F);
    for (int c = lane * kWide; c < channels; c += kLanes * kWide) {
        Elements<T, kWide>::load(from + c, values);
#pragma unroll
        for (int i = 0; i < kWide; ++i) {
            const float v = values[i] * factor * gain[c + i];
            values[i] = silu ? v / (1.F + __expf(-v)) : v;
        }
        Elements<T, kWide>::save(y + pixel * channels + c, values);
    }
}

}  // namespace

void norm_silu_cuda(const Tensor& x, const Tensor& gain, bool silu, Tensor& y, GpuStream stream) {
    const int64_t channels = gain.count(), pixels = x.count() / channels;
    if (pixels == 0) {
        return;
    }
    with_type(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        constexpr int kVector = 16 / sizeof(T);
        const bool wide = channels % kVector == 0;
        const int64_t parts = wide ? channels / kVector : channels;
        const int lanes = parts <= 16 ? 16 : 32;
        const auto kernel =
            wide ? (lanes == 16 ? norm_silu_kernel<T, kVector, 16>
                                : norm_silu_kernel<T, kVector, 32>)
                 : (lanes == 16 ? norm_silu_kernel<T, 1, 16> : norm_silu_kernel<T, 1, 32>);
        const int64_t blocks = (pixels * lanes + kThreads - 1) / kThreads;
        kernel<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(
            static_cast<const T*>(x.raw()), gain.data<float>(), static_cast<int>(channels), pixels,
            silu, static_cast<T*>(y.raw()));
    });
    cuda_check_launch("norm_silu");
}

}  // namespace longtake::diffusion
