#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/norm_silu.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

// Reads and writes kWide elements at a time: one, or 16 bytes.
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

// A group of kLanes threads per pixel, each with up to kHeld times kWide of its channels.
template <typename T, int kWide, int kLanes, int kHeld>
__global__ void __launch_bounds__(kThreads)
    norm_silu_kernel(const T* x, const float* gain, int channels, int64_t pixels, bool silu, T* y) {
    const int first = static_cast<int>(threadIdx.x) % kLanes * kWide;
    const int64_t pixel = (int64_t{blockIdx.x} * kThreads + threadIdx.x) / kLanes;
    const bool inside = pixel < pixels;
    const T* from = x + (inside ? pixel : 0) * channels;
    float values[kHeld][kWide] = {}, squares = 0;
#pragma unroll
    for (int h = 0; h < kHeld; ++h) {
        if (first + h * kLanes * kWide < channels) {
            Elements<T, kWide>::load(from + first + h * kLanes * kWide, values[h]);
        }
    }
#pragma unroll
    for (int h = 0; h < kHeld; ++h) {
#pragma unroll
        for (int i = 0; i < kWide; ++i) {
            squares += values[h][i] * values[h][i];
        }
    }
    for (int step = kLanes / 2; step > 0; step /= 2) {
        squares += __shfl_xor_sync(0xffffffffU, squares, step);
    }
    if (!inside) {
        return;
    }
    const float factor = sqrtf(static_cast<float>(channels)) / fmaxf(sqrtf(squares), 1e-12F);
#pragma unroll
    for (int h = 0; h < kHeld; ++h) {
        const int c = first + h * kLanes * kWide;
        if (c < channels) {
#pragma unroll
            for (int i = 0; i < kWide; ++i) {
                const float v = values[h][i] * factor * gain[c + i];
                values[h][i] = silu ? __fdividef(v, 1.F + __expf(-v)) : v;
            }
            Elements<T, kWide>::save(y + pixel * channels + c, values[h]);
        }
    }
}

template <typename T, int kWide, int kLanes, int kHeld>
void launch(const Tensor& x, const Tensor& gain, bool silu, Tensor& y, GpuStream stream) {
    const int64_t channels = gain.count(), pixels = x.count() / channels;
    cuda_check(channels <= kWide * kLanes * kHeld ? cudaSuccess : cudaErrorNotSupported,
               "norm_silu of so many channels");
    const int64_t blocks = (pixels * kLanes + kThreads - 1) / kThreads;
    norm_silu_kernel<T, kWide, kLanes, kHeld>
        <<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(
            static_cast<const T*>(x.raw()), gain.data<float>(), static_cast<int>(channels), pixels,
            silu, static_cast<T*>(y.raw()));
    cuda_check_launch("norm_silu");
}

}  // namespace

void norm_silu_cuda(const Tensor& x, const Tensor& gain, bool silu, Tensor& y, GpuStream stream) {
    if (x.count() == 0) {
        return;
    }
    with_type(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        constexpr int kWide = 16 / sizeof(T);
        const int64_t parts = gain.count() % kWide == 0 ? gain.count() / kWide : 0;
        // The public model's 96, 192 and 384 channels of bf16 leave no thread idle.
        const auto way = parts == 0    ? launch<T, 1, 32, 16>
                         : parts <= 12 ? launch<T, kWide, 4, 3>
                         : parts <= 24 ? launch<T, kWide, 8, 3>
                         : parts <= 48 ? launch<T, kWide, 16, 3>
                                       : launch<T, kWide, 32, 4>;
        way(x, gain, silu, y, stream);
    });
}

}  // namespace longtake::diffusion
