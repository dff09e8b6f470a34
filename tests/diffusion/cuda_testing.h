#pragma once

#include "tests/core/cuda_testing.h"
#include "tests/diffusion/testing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

// What the tests share that hold an op on the GPU against the same op on the CPU.
namespace longtake::diffusion {

inline constexpr std::array kTypes{DType::F32, DType::BF16};

// NaN everywhere, so that what is not written shows.
inline Tensor poisoned(const Shape& shape, DType dtype, Device device) {
    Tensor t(shape, dtype);
    std::memset(t.raw(), 0xff, t.bytes());
    return t.to(device);
}

// |actual - expected| / |expected|, both as vectors.
inline float error_of(const Tensor& actual, const Tensor& expected) {
    EXPECT_EQ(actual.shape(), expected.shape());
    const Tensor a = actual.to(Device::Cpu).to(DType::F32), b = expected.to(DType::F32);
    double difference = 0, whole = 0;
    for (int64_t i = 0; i < a.count(); ++i) {
        const double x = a.data<float>()[i], y = b.data<float>()[i];
        difference += (x - y) * (x - y);
        whole += y * y;
    }
    const double error = std::sqrt(difference / std::max(whole, 1e-30));
    return std::isfinite(error) ? static_cast<float>(error) : INFINITY;
}

inline float bound(DType dtype) {
    return dtype == DType::F32 ? 1e-4F : 2e-2F;
}

}  // namespace longtake::diffusion
