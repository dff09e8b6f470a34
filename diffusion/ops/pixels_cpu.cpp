#include "core/parallel.h"
#include "diffusion/ops/pixels.h"

#include <algorithm>
#include <cmath>
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

template <typename T> T to_colour(float v, bool centred) {
    v = centred ? (std::clamp(v, -1.F, 1.F) + 1.F) / 2.F : v;
    v = std::min(std::max(v, 0.F), 1.F);
    if constexpr (std::is_same_v<T, uint8_t>) {
        v = v * 255.F + 0.5F;
    }
    return static_cast<T>(v);
}

template <typename T> void store(const Tensor& x, bool centred, Tensor& frames) {
    const int64_t side = x.extent(3) == 3 ? 1 : 2, width = x.extent(2);
    const int64_t line = side * 3, row = width * line;  // values of a square's line, of a frame's
    parallel_for(frames.extent(0) * frames.extent(1), [&](int64_t v) {
        const float* from = x.data<float>() + v / side * width * side * line + v % side * line;
        T* to = frames.data<T>() + v * row;
        for (int64_t u = 0; u < width; ++u) {
            for (int64_t i = 0; i < line; ++i) {
                to[u * line + i] = to_colour<T>(from[u * side * line + i], centred);
            }
        }
    });
}

}  // namespace

void latent_to_pixels_cpu(const Tensor& latent, const LatentScale& scale, bool bounded, Tensor& x) {
    const int64_t channels = x.extent(3), pixels = x.count() / channels;
    const float* from = latent.data<float>();
    const bool scaled = !scale.empty();
    for_type_of(x, [&](auto zero) {
        using T = decltype(zero);
        T* to = x.data<T>();
        parallel_for(pixels, [&](int64_t i) {
            for (int64_t c = 0; c < channels; ++c) {
                float z = from[c * pixels + i];
                z = scaled ? z * scale.std.data<float>()[c] + scale.mean.data<float>()[c] : z;
                to[i * channels + c] = T(bounded ? 3.F * std::tanh(z / 3.F) : z);
            }
        });
    });
}

void pixels_to_latent_cpu(const Tensor& z, const LatentScale& scale, Tensor& latent) {
    const int64_t channels = latent.extent(1), wide = z.extent(3), pixels = z.count() / wide;
    const bool scaled = !scale.empty();
    float* to = latent.data<float>();
    for (int64_t c = 0; c < channels; ++c) {
        const float m = scaled ? scale.mean.data<float>()[c] : 0.F;
        const float s = scaled ? scale.std.data<float>()[c] : 1.F;
        for (int64_t i = 0; i < pixels; ++i) {
            to[c * pixels + i] = (z.data<float>()[i * wide + c] - m) / s;
        }
    }
}

void frames_to_pixels_cpu(const Tensor& frames, bool centred, Tensor& x) {
    const auto* from = frames.data<uint8_t>();
    for_type_of(x, [&](auto zero) {
        using T = decltype(zero);
        T* to = x.data<T>();
        parallel_for(frames.count(), [&](int64_t i) {
            const auto v = static_cast<float>(from[i]);
            to[i] = T(centred ? v / 127.5F - 1.F : v / 255.F);
        });
    });
}

void pixels_to_frames_cpu(const Tensor& x, bool centred, Tensor& frames) {
    if (frames.dtype() == DType::U8) {
        store<uint8_t>(x, centred, frames);
    } else {
        store<float>(x, centred, frames);
    }
}

}  // namespace longtake::diffusion
