#include "diffusion/ops/elements.cuh"
#include "diffusion/ops/layout.h"

namespace longtake::diffusion {
namespace {

constexpr int kThreads = 256;

__device__ int64_t first_item() {
    return int64_t{blockIdx.x} * kThreads + threadIdx.x;
}
__device__ int64_t items_apart() {
    return int64_t{gridDim.x} * kThreads;
}

template <typename T>
__global__ void patchify_kernel(const float* from, T* to, int64_t count, int channels, int length,
                                int height, int width, int ph, int pw) {
    const int rows = height / ph, columns = width / pw;
    for (int64_t item = first_item(); item < count; item += items_apart()) {
        const auto i = static_cast<int>(item % length);
        const int64_t token = item / length;
        const auto column = static_cast<int>(token % columns);
        const auto row = static_cast<int>(token / columns % rows);
        const int64_t frame = token / columns / rows;
        const int channel = i / (ph * pw), y = row * ph + i / pw % ph, x = column * pw + i % pw;
        store(to + item, channel < channels
                             ? from[((frame * channels + channel) * height + y) * width + x]
                             : 0.F);
    }
}

__global__ void unpatchify_kernel(const float* from, float* to, int64_t count, int channels,
                                  int height, int width, int ph, int pw) {
    const int rows = height / ph, columns = width / pw;
    for (int64_t item = first_item(); item < count; item += items_apart()) {
        const auto x = static_cast<int>(item % width);
        const auto y = static_cast<int>(item / width % height);
        const auto channel = static_cast<int>(item / width / height % channels);
        const int64_t frame = item / width / height / channels;
        const int64_t token = (frame * rows + y / ph) * columns + x / pw;
        to[item] = from[token * channels * ph * pw + (y % ph * pw + x % pw) * channels + channel];
    }
}

// Rows of `run` units: row r at from + r * from_stride goes to to + r * to_stride.
template <typename Unit>
__global__ void copy_rows_kernel(const Unit* from, int64_t from_stride, Unit* to, int64_t run,
                                 int64_t count) {
    for (int64_t item = first_item(); item < count; item += items_apart()) {
        to[item] = from[item / run * from_stride + item % run];
    }
}

template <typename Unit>
__global__ void scatter_kernel(const Unit* from, Unit* to, int64_t count, int heads, int run,
                               int64_t capacity, int64_t first) {
    for (int64_t item = first_item(); item < count; item += items_apart()) {
        const auto i = static_cast<int>(item % run);
        const auto head = static_cast<int>(item / run % heads);
        const int64_t row = item / run / heads;
        to[(head * capacity + first + row) * run + i] = from[item];
    }
}

// Calls `work` with the largest unit of 16, 4 or 2 bytes that divides all of these.
template <typename Work> void with_unit(uintptr_t bits, Work&& work) {
    if (bits % 16 == 0) {
        work(uint4{});
    } else if (bits % 4 == 0) {
        work(uint32_t{});
    } else {
        work(uint16_t{});
    }
}

uintptr_t bits_of(const void* p) {
    return reinterpret_cast<uintptr_t>(p);
}

}  // namespace

void patchify_cuda(const Tensor& latents, int64_t ph, int64_t pw, Tensor& patches,
                   GpuStream stream) {
    with_type(patches.dtype(), [&](auto element) {
        patchify_kernel<<<blocks_for(patches.count(), kThreads), kThreads, 0, stream>>>(
            latents.data<float>(), static_cast<decltype(element)*>(patches.raw()), patches.count(),
            static_cast<int>(latents.extent(1)), static_cast<int>(patches.extent(1)),
            static_cast<int>(latents.extent(2)), static_cast<int>(latents.extent(3)),
            static_cast<int>(ph), static_cast<int>(pw));
    });
    cuda_check_launch("patchify");
}

void unpatchify_cuda(const Tensor& tokens, int64_t ph, int64_t pw, Tensor& flow, GpuStream stream) {
    unpatchify_kernel<<<blocks_for(flow.count(), kThreads), kThreads, 0, stream>>>(
        tokens.data<float>(), flow.data<float>(), flow.count(), static_cast<int>(flow.extent(1)),
        static_cast<int>(flow.extent(2)), static_cast<int>(flow.extent(3)), static_cast<int>(ph),
        static_cast<int>(pw));
    cuda_check_launch("unpatchify");
}

void copy_columns_cuda(const Tensor& from, int64_t column, Tensor& out, GpuStream stream) {
    const size_t element = size_of(from.dtype());
    const size_t run = static_cast<size_t>(out.extent(1) * out.extent(2)) * element;
    const size_t stride = static_cast<size_t>(from.extent(1)) * element;
    const auto* source =
        static_cast<const std::byte*>(from.raw()) + static_cast<size_t>(column) * element;
    with_unit(bits_of(source) | bits_of(out.raw()) | run | stride, [&](auto unit) {
        using Unit = decltype(unit);
        const auto count = static_cast<int64_t>(out.bytes() / sizeof(Unit));
        copy_rows_kernel<<<blocks_for(count, kThreads), kThreads, 0, stream>>>(
            reinterpret_cast<const Unit*>(source), static_cast<int64_t>(stride / sizeof(Unit)),
            static_cast<Unit*>(out.raw()), static_cast<int64_t>(run / sizeof(Unit)), count);
    });
    cuda_check_launch("copy_columns");
}

void scatter_heads_cuda(const Tensor& rows, Tensor& slots, int64_t first, GpuStream stream) {
    const size_t run = static_cast<size_t>(rows.extent(2)) * size_of(rows.dtype());
    with_unit(bits_of(rows.raw()) | bits_of(slots.raw()) | run, [&](auto unit) {
        using Unit = decltype(unit);
        const auto count = static_cast<int64_t>(rows.bytes() / sizeof(Unit));
        scatter_kernel<<<blocks_for(count, kThreads), kThreads, 0, stream>>>(
            static_cast<const Unit*>(rows.raw()), static_cast<Unit*>(slots.raw()), count,
            static_cast<int>(rows.extent(1)), static_cast<int>(run / sizeof(Unit)), slots.extent(1),
            first);
    });
    cuda_check_launch("scatter_heads");
}

}  // namespace longtake::diffusion
