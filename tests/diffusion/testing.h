#pragma once

#include "core/tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace longtake::diffusion {

// Normal deviates, rounded to `dtype`, from a fixed seed.
inline Tensor random_tensor(Shape shape, unsigned seed, DType dtype = DType::F32,
                            float spread = 1.F) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0.F, spread);
    Tensor t(std::move(shape), DType::F32);
    std::generate_n(t.data<float>(), t.count(), [&] { return normal(engine); });
    return t.to(dtype);
}

inline float max_abs(const Tensor& t) {
    const Tensor values = t.to(DType::F32);
    float largest = 0;
    for (const float v : values.values<float>()) {
        largest = std::max(largest, std::isnan(v) ? INFINITY : std::abs(v));
    }
    return largest;
}

inline float max_difference(const Tensor& a, const Tensor& b) {
    EXPECT_EQ(a.shape(), b.shape());
    Tensor difference = a.to(DType::F32).clone();
    const Tensor other = b.to(DType::F32);
    for (int64_t i = 0; i < difference.count(); ++i) {
        difference.data<float>()[i] -= other.data<float>()[i];
    }
    return max_abs(difference);
}

inline bool same_bits(const Tensor& a, const Tensor& b) {
    return a.shape() == b.shape() && a.dtype() == b.dtype() &&
           std::equal(static_cast<const std::byte*>(a.raw()),
                      static_cast<const std::byte*>(a.raw()) + a.bytes(),
                      static_cast<const std::byte*>(b.raw()));
}

}  // namespace longtake::diffusion
