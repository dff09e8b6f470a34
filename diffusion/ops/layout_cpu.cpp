#include "core/parallel.h"
#include "diffusion/ops/layout.h"

#include <algorithm>
#include <cstring>

namespace longtake::diffusion {
namespace {

template <typename T>
void gather_patches(const Tensor& latents, int64_t ph, int64_t pw, Tensor& patches) {
    const int64_t channels = latents.extent(1), height = latents.extent(2),
                  width = latents.extent(3);
    const int64_t rows = height / ph, columns = width / pw, length = patches.extent(1);
    const float* from = latents.data<float>();
    T* to = patches.data<T>();
    parallel_for(latents.extent(0) * rows, [=](int64_t item) {
        const int64_t frame = item / rows, row = item % rows;
        for (int64_t column = 0; column < columns; ++column) {
            T* patch = to + (item * columns + column) * length;
            for (int64_t channel = 0; channel < channels; ++channel) {
                const float* corner =
                    from + ((frame * channels + channel) * height + row * ph) * width + column * pw;
                for (int64_t y = 0; y < ph; ++y) {
                    for (int64_t x = 0; x < pw; ++x) {
                        *patch++ = T(corner[y * width + x]);
                    }
                }
            }
            std::fill(patch, to + (item * columns + column + 1) * length, T(0.F));
        }
    });
}

}  // namespace

void patchify_cpu(const Tensor& latents, int64_t ph, int64_t pw, Tensor& patches) {
    patches.dtype() == DType::F32 ? gather_patches<float>(latents, ph, pw, patches)
                                  : gather_patches<bf16>(latents, ph, pw, patches);
}

void unpatchify_cpu(const Tensor& tokens, int64_t ph, int64_t pw, Tensor& flow) {
    const int64_t channels = flow.extent(1), height = flow.extent(2), width = flow.extent(3);
    const int64_t rows = height / ph, columns = width / pw;
    const float* from = tokens.data<float>();
    float* to = flow.data<float>();
    parallel_for(flow.extent(0) * channels * height, [=](int64_t item) {
        const int64_t y = item % height, channel = item / height % channels;
        const int64_t frame = item / height / channels;
        for (int64_t x = 0; x < width; ++x) {
            const int64_t token = (frame * rows + y / ph) * columns + x / pw;
            const int64_t element = (y % ph * pw + x % pw) * channels + channel;
            to[item * width + x] = from[token * channels * ph * pw + element];
        }
    });
}

void copy_columns_cpu(const Tensor& from, int64_t column, Tensor& out) {
    const size_t element = size_of(from.dtype());
    const size_t row = static_cast<size_t>(out.extent(1) * out.extent(2)) * element;
    const size_t stride = static_cast<size_t>(from.extent(1)) * element;
    const auto* source =
        static_cast<const std::byte*>(from.raw()) + static_cast<size_t>(column) * element;
    auto* target = static_cast<std::byte*>(out.raw());
    parallel_for(out.extent(0), [=](int64_t r) {
        const auto i = static_cast<size_t>(r);
        std::memcpy(target + i * row, source + i * stride, row);
    });
}

void scatter_heads_cpu(const Tensor& rows, Tensor& slots, int64_t first) {
    const int64_t heads = rows.extent(1);
    const int64_t capacity = slots.extent(1);
    const size_t bytes = static_cast<size_t>(rows.extent(2)) * size_of(rows.dtype());
    const auto* from = static_cast<const std::byte*>(rows.raw());
    auto* to = static_cast<std::byte*>(slots.raw());
    parallel_for(rows.extent(0), [=](int64_t row) {
        for (int64_t h = 0; h < heads; ++h) {
            std::memcpy(to + static_cast<size_t>(h * capacity + first + row) * bytes,
                        from + static_cast<size_t>(row * heads + h) * bytes, bytes);
        }
    });
}

}  // namespace longtake::diffusion
