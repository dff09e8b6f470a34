#pragma once

#include "core/tensor.h"

#include <array>
#include <cmath>
#include <complex>

namespace longtake::generator {

// A textured plane that turns, grows and is carried along, every frame by the same; where its
// points are is known exactly.
struct MovingTexture {
    int64_t width = 256, height = 144;
    std::complex<double> carried{};  // pixels a frame
    std::complex<double> turned{1};  // about the middle of the picture: a factor of complex places

    // Where a point of frame 0 is in frame t.
    std::complex<double> at(std::complex<double> place, int64_t t) const {
        const std::complex<double> middle(0.5 * static_cast<double>(width),
                                          0.5 * static_cast<double>(height));
        const auto frames = static_cast<double>(t);
        return middle + std::pow(turned, frames) * (place - middle) + frames * carried;
    }
    Tensor frame(int64_t t) const {
        Tensor image({height, width, 3}, DType::U8);
        const std::complex<double> middle(0.5 * static_cast<double>(width),
                                          0.5 * static_cast<double>(height));
        const auto frames = static_cast<double>(t);
        const auto back = std::pow(turned, -frames);
        uint8_t* to = image.data<uint8_t>();
        for (int64_t y = 0; y < height; ++y) {
            for (int64_t x = 0; x < width; ++x) {
                const std::complex<double> here(static_cast<double>(x) + 0.5,
                                                static_cast<double>(y) + 0.5);
                const auto p = middle + back * (here - middle - frames * carried);
                for (int c = 0; c < 3; ++c) {
                    *to++ = colour(p.real(), p.imag(), c);
                }
            }
        }
        return image;
    }

  private:
    static uint8_t colour(double x, double y, int c) {
        const double wide = std::sin(0.09 * x + 0.13 * y + c) + std::sin(0.07 * y - 0.11 * x);
        const double fine = std::sin(0.31 * x + 0.5 * c) * std::cos(0.27 * y - c);
        return static_cast<uint8_t>(std::lround(128 + 30 * wide + 45 * fine));
    }
};

}  // namespace longtake::generator
