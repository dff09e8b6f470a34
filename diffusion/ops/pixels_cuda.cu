#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/pixels.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

const float* values_of(const Tensor& t) {
    return t.empty() ? nullptr : t.data<float>();
}

__device__ int64_t first_index() {
    return int64_t{blockIdx.x} * kThreads + threadIdx.x;
}
__device__ int64_t stride() {
    return int64_t{gridDim.x} * kThreads;
}

template <typename T>
__global__ void latent_to_pixels_kernel(const float* latent, const float* mean, const float* std,
                                        bool bounded, int64_t pixels, int channels, T* x) {
    for (int64_t i = first_index(); i < pixels * channels; i += stride()) {
        const auto c = static_cast<int>(i % channels);
        float z = latent[c * pixels + i / channels];
        z = mean == nullptr ? z : z * std[c] + mean[c];
        store(x + i, bounded ? 3.F * tanhf(z / 3.F) : z);
    }
}

__global__ void pixels_to_latent_kernel(const float* z, const float* mean, const float* std,
                                        int64_t pixels, int wide, int channels, float* latent) {
    for (int64_t i = first_index(); i < pixels * channels; i += stride()) {
        const auto c = static_cast<int>(i / pixels);
        const float value = z[i % pixels * wide + c];
        latent[i] = mean == nullptr ? value : (value - mean[c]) / std[c];
    }
}

template <typename T>
__global__ void frames_to_pixels_kernel(const uint8_t* frames, bool centred, int64_t count, T* x) {
    for (int64_t i = first_index(); i < count; i += stride()) {
        const auto v = static_cast<float>(frames[i]);
        store(x + i, centred ? v / 127.5F - 1.F : v / 255.F);
    }
}

__device__ void store_colour(float* at, float v) {
    *at = v;
}
__device__ void store_colour(uint8_t* at, float v) {
    *at = static_cast<uint8_t>(v * 255.F + 0.5F);
}

// `line` values of each of `side` lines make a square; a line of a frame has `row` values.
template <typename T>
__global__ void pixels_to_frames_kernel(const float* x, bool centred, int64_t count, int side,
                                        int line, int row, T* frames) {
    for (int64_t i = first_index(); i < count; i += stride()) {
        const int64_t v = i / row;
        const auto within = static_cast<int>(i % row);
        const int64_t square = v / side * (row / line) + within / line;
        const float value = x[(square * side + v % side) * line + within % line];
        const float colour = centred ? (value + 1.F) / 2.F : value;
        store_colour(frames + i, fminf(fmaxf(colour, 0.F), 1.F));
    }
}

}  // namespace

void latent_to_pixels_cuda(const Tensor& latent, const LatentScale& scale, bool bounded, Tensor& x,
                           GpuStream stream) {
    with_type(x.dtype(), [&](auto zero) {
        latent_to_pixels_kernel<<<blocks_for(x.count(), kThreads), kThreads, 0, stream>>>(
            latent.data<float>(), values_of(scale.mean), values_of(scale.std), bounded,
            x.extent(1) * x.extent(2), static_cast<int>(x.extent(3)),
            static_cast<decltype(zero)*>(x.raw()));
    });
    cuda_check_launch("latent_to_pixels");
}

void pixels_to_latent_cuda(const Tensor& z, const LatentScale& scale, Tensor& latent,
                           GpuStream stream) {
    pixels_to_latent_kernel<<<blocks_for(latent.count(), kThreads), kThreads, 0, stream>>>(
        z.data<float>(), values_of(scale.mean), values_of(scale.std), z.extent(1) * z.extent(2),
        static_cast<int>(z.extent(3)), static_cast<int>(latent.extent(1)), latent.data<float>());
    cuda_check_launch("pixels_to_latent");
}

void frames_to_pixels_cuda(const Tensor& frames, bool centred, Tensor& x, GpuStream stream) {
    with_type(x.dtype(), [&](auto zero) {
        frames_to_pixels_kernel<<<blocks_for(x.count(), kThreads), kThreads, 0, stream>>>(
            frames.data<uint8_t>(), centred, x.count(), static_cast<decltype(zero)*>(x.raw()));
    });
    cuda_check_launch("frames_to_pixels");
}

void pixels_to_frames_cuda(const Tensor& x, bool centred, Tensor& frames, GpuStream stream) {
    const int side = x.extent(3) == 3 ? 1 : 2;
    const auto row = static_cast<int>(frames.extent(2) * 3);
    const unsigned blocks = blocks_for(x.count(), kThreads);
    const float* from = x.data<float>();
    if (frames.dtype() == DType::U8) {
        pixels_to_frames_kernel<<<blocks, kThreads, 0, stream>>>(
            from, centred, x.count(), side, 3 * side, row, frames.data<uint8_t>());
    } else {
        pixels_to_frames_kernel<<<blocks, kThreads, 0, stream>>>(
            from, centred, x.count(), side, 3 * side, row, frames.data<float>());
    }
    cuda_check_launch("pixels_to_frames");
}

}  // namespace longtake::diffusion
