#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/models/clip_vision.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace longtake::diffusion {
namespace {

constexpr std::array<double, 3> kMean{0.48145466, 0.4578275, 0.40821073};
constexpr std::array<double, 3> kDeviation{0.26862954, 0.26130258, 0.27577711};

// The four pixels that a place lies between, as far as there are any, and their weights.
struct Taps {
    std::array<int64_t, 4> at;
    std::array<double, 4> weight;
};

double cubic(double distance) {
    constexpr double a = -0.75;
    const double x = std::abs(distance);
    return x < 1   ? ((a + 2) * x - (a + 3)) * x * x + 1
           : x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
                   : 0;
}

std::vector<Taps> taps_of(int64_t from, int64_t to) {
    std::vector<Taps> all(static_cast<size_t>(to));
    for (int64_t i = 0; i < to; ++i) {
        const double place =
            (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) -
            0.5;
        const auto left = static_cast<int64_t>(std::floor(place));
        for (size_t t = 0; t < 4; ++t) {
            const int64_t pixel = left - 1 + static_cast<int64_t>(t);
            all[static_cast<size_t>(i)].at[t] = std::clamp<int64_t>(pixel, 0, from - 1);
            all[static_cast<size_t>(i)].weight[t] = cubic(place - static_cast<double>(pixel));
        }
    }
    return all;
}

}  // namespace

Tensor clip_pixels(const Tensor& picture, int64_t size) {
    check(picture.shape().rank() == 3 && picture.extent(2) == 3 && picture.dtype() == DType::U8,
          "a picture is {} of {}", picture.shape().str(), name_of(picture.dtype()));
    const int64_t w = picture.extent(1);
    const std::vector<Taps> down = taps_of(picture.extent(0), size), across = taps_of(w, size);
    Tensor pixels({1, 3, size, size}, DType::F32);
    parallel_for(size, [&](int64_t y) {
        const Taps& rows = down[static_cast<size_t>(y)];
        for (int64_t i = 0; i < 3 * size; ++i) {
            const int64_t channel = i / size, x = i % size;
            const Taps& columns = across[static_cast<size_t>(x)];
            double sum = 0;
            for (size_t r = 0; r < 4; ++r) {
                for (size_t c = 0; c < 4; ++c) {
                    const int64_t at = (rows.at[r] * w + columns.at[c]) * 3 + channel;
                    sum += rows.weight[r] * columns.weight[c] * picture.data<uint8_t>()[at];
                }
            }
            const auto ch = static_cast<size_t>(channel);
            pixels.data<float>()[(channel * size + y) * size + x] =
                static_cast<float>((sum / 255 - kMean[ch]) / kDeviation[ch]);
        }
    });
    return pixels;
}

}  // namespace longtake::diffusion
