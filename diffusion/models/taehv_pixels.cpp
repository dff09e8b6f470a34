#include "diffusion/models/taehv_pixels.h"

#include "core/parallel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace longtake::diffusion {
namespace {

// Calls work(T()) for the element type T of `x`.
template <typename Work> void for_type_of(const Tensor& x, Work&& work) {
    if (x.dtype() == DType::BF16) {
        work(bf16());
    } else {
        work(float());
    }
}

template <typename T> T to_colour(float v) {
    v = std::min(std::max(v, 0.F), 1.F);
    if constexpr (std::is_same_v<T, uint8_t>) {
        v = v * 255.F + 0.5F;
    }
    return static_cast<T>(v);
}

template <typename T> void store(const Tensor& squares, Tensor& frame) {
    const int64_t width = squares.extent(2), row = frame.extent(2) * 3;
    parallel_for(squares.extent(1), [&](int64_t y) {
        const float* from = squares.data<float>() + y * width * 12;
        T* upper = frame.data<T>() + 2 * y * row;
        T* lower = upper + row;
        for (int64_t x = 0; x < width; ++x) {
            for (int64_t i = 0; i < 6; ++i) {
                upper[6 * x + i] = to_colour<T>(from[12 * x + i]);
                lower[6 * x + i] = to_colour<T>(from[12 * x + 6 + i]);
            }
        }
    });
}

}  // namespace

void latent_to_decoder(const Tensor& latent, const TaehvConfig& config, Tensor& x) {
    const int64_t channels = x.extent(3), pixels = x.count() / channels;
    const float* from = latent.data<float>();
    const bool scaled = !config.latents_mean.empty();
    for_type_of(x, [&](auto zero) {
        using T = decltype(zero);
        T* to = x.data<T>();
        parallel_for(pixels, [&](int64_t i) {
            for (int64_t c = 0; c < channels; ++c) {
                float z = from[c * pixels + i];
                z = scaled ? z * config.latents_std[c] + config.latents_mean[c] : z;
                to[i * channels + c] = T(3.F * std::tanh(z / 3.F));
            }
        });
    });
}

void encoder_to_latent(const Tensor& z, const TaehvConfig& config, Tensor latent) {
    const int64_t channels = z.extent(3), pixels = z.count() / channels;
    const bool scaled = !config.latents_mean.empty();
    float* to = latent.data<float>();
    for (int64_t c = 0; c < channels; ++c) {
        const float mean = scaled ? config.latents_mean[c] : 0.F;
        const float std = scaled ? config.latents_std[c] : 1.F;
        for (int64_t i = 0; i < pixels; ++i) {
            to[c * pixels + i] = (z.data<float>()[i * channels + c] - mean) / std;
        }
    }
}

void frame_to_encoder(const Tensor& frame, Tensor x) {
    const auto* from = frame.data<uint8_t>();
    for_type_of(x, [&](auto zero) {
        using T = decltype(zero);
        T* to = x.data<T>();
        parallel_for(frame.count(),
                     [&](int64_t i) { to[i] = T(static_cast<float>(from[i]) / 255.F); });
    });
}

void squares_to_frame(const Tensor& squares, Tensor frame) {
    if (frame.dtype() == DType::U8) {
        store<uint8_t>(squares, frame);
    } else {
        store<float>(squares, frame);
    }
}

void place_corner(const Tensor& small, int a, int b, Tensor& y) {
    const int64_t height = small.extent(1), width = small.extent(2), grow = y.extent(0);
    const size_t bytes = static_cast<size_t>(y.extent(3)) * size_of(y.dtype());
    const auto* from = static_cast<const std::byte*>(small.raw());
    auto* to = static_cast<std::byte*>(y.raw());
    parallel_for(height, [&](int64_t row) {
        for (int64_t g = 0; g < grow; ++g) {
            const std::byte* source = from + (row * width * grow + g) * bytes;
            std::byte* target = to + (((g * 2 * height + 2 * row + a) * 2 * width) + b) * bytes;
            for (int64_t x = 0; x < width; ++x) {
                std::memcpy(target + 2 * x * bytes, source + x * grow * bytes, bytes);
            }
        }
    });
}

}  // namespace longtake::diffusion
