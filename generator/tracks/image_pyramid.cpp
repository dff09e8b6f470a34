#include "generator/tracks/image_pyramid.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace longtake::generator {

ImagePyramid::ImagePyramid(const Tensor& image, int64_t least, int64_t rim) : rim_(rim) {
    check(image.shape().rank() == 3 && image.extent(2) == 3 && image.dtype() == DType::U8,
          "a pyramid of {}", image.shape().str());
    Level first{.width = image.extent(1), .height = image.extent(0), .pixels = {}};
    first.pixels.resize(
        static_cast<size_t>(3 * (first.width + 2 * rim) * (first.height + 2 * rim)));
    for (int64_t y = 0; y < first.height; ++y) {
        std::copy_n(image.data<uint8_t>() + 3 * y * first.width, 3 * first.width,
                    first.pixels.begin() + static_cast<std::ptrdiff_t>(at(first, 0, y)));
    }
    add_rim(first);
    levels_.push_back(std::move(first));
    while (std::min(levels_.back().width, levels_.back().height) / 2 >= least) {
        levels_.push_back(halved(levels_.back()));
    }
}

void ImagePyramid::add_rim(Level& level) const {
    for (int64_t y = -rim_; y < level.height + rim_; ++y) {
        const int64_t row = std::clamp<int64_t>(y, 0, level.height - 1);
        for (int64_t x = -rim_; x < level.width + rim_; ++x) {
            const int64_t column = std::clamp<int64_t>(x, 0, level.width - 1);
            if (row != y || column != x) {
                std::copy_n(&level.pixels[at(level, column, row)], 3,
                            &level.pixels[at(level, x, y)]);
            }
        }
    }
}

// Every pixel from four by four around the corner that its four share: places halve exactly.
ImagePyramid::Level ImagePyramid::halved(const Level& level) const {
    constexpr std::array<float, 4> kWeights{0.125F, 0.375F, 0.375F, 0.125F};
    Level half{.width = level.width / 2, .height = level.height / 2, .pixels = {}};
    half.pixels.resize(static_cast<size_t>(3 * (half.width + 2 * rim_) * (half.height + 2 * rim_)));
    parallel_for(half.height, [&](int64_t y) {
        for (int64_t x = 0; x < half.width; ++x) {
            float* to = &half.pixels[at(half, x, y)];
            for (size_t v = 0; v < 4; ++v) {
                for (size_t u = 0; u < 4; ++u) {
                    const float* from = &level.pixels[at(level, 2 * x - 1 + static_cast<int64_t>(u),
                                                         2 * y - 1 + static_cast<int64_t>(v))];
                    for (size_t c = 0; c < 3; ++c) {
                        to[c] += kWeights[u] * kWeights[v] * from[c];
                    }
                }
            }
        }
    });
    add_rim(half);
    return half;
}

void ImagePyramid::sample(int64_t level, float x, float y, int64_t reach,
                          std::span<float> patch) const {
    const Level& l = levels_[static_cast<size_t>(level)];
    const float left = std::floor(x - 0.5F), top = std::floor(y - 0.5F);
    const float u = x - 0.5F - left, v = y - 0.5F - top;
    const float a = (1 - u) * (1 - v), b = u * (1 - v), c = (1 - u) * v, d = u * v;
    const int64_t side = 2 * reach + 1, stride = 3 * (l.width + 2 * rim_);
    const float* row =
        &l.pixels[at(l, static_cast<int64_t>(left) - reach, static_cast<int64_t>(top) - reach)];
    float* to = patch.data();
    for (int64_t i = 0; i < side; ++i, row += stride, to += 3 * side) {
        const float *upper = row, *lower = row + stride;
        for (int64_t k = 0; k < 3 * side; ++k) {
            to[k] = a * upper[k] + b * upper[k + 3] + c * lower[k] + d * lower[k + 3];
        }
    }
}

}  // namespace longtake::generator
