#pragma once

#include "core/host_device.h"

#include <array>
#include <cmath>
#include <cstddef>

// Vectors and matrices of a Gaussian's arithmetic, which is double in both instances of the
// rasterizer: it is a small part of the time, and footprints lose many digits to cancellation.
namespace longtake::gaussians {

using Vec3 = std::array<double, 3>;
template <std::size_t kRows, std::size_t kColumns>
using Matrix = std::array<std::array<double, kColumns>, kRows>;
using Mat3 = Matrix<3, 3>;
using Mat2 = Matrix<2, 2>;
using Mat23 = Matrix<2, 3>;

LONGTAKE_HOST_DEVICE inline double dot(const Vec3& a, const Vec3& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

template <typename Scalar> LONGTAKE_HOST_DEVICE Vec3 load3(const Scalar* v) {
    return {static_cast<double>(v[0]), static_cast<double>(v[1]), static_cast<double>(v[2])};
}

template <std::size_t kR, std::size_t kK, std::size_t kC>
LONGTAKE_HOST_DEVICE Matrix<kR, kC> operator*(const Matrix<kR, kK>& a, const Matrix<kK, kC>& b) {
    Matrix<kR, kC> product{};
    for (std::size_t i = 0; i < kR; ++i) {
        for (std::size_t k = 0; k < kK; ++k) {
            for (std::size_t j = 0; j < kC; ++j) {
                product[i][j] += a[i][k] * b[k][j];
            }
        }
    }
    return product;
}

template <std::size_t kR, std::size_t kC>
LONGTAKE_HOST_DEVICE Matrix<kC, kR> transposed(const Matrix<kR, kC>& a) {
    Matrix<kC, kR> result;
    for (std::size_t i = 0; i < kR; ++i) {
        for (std::size_t j = 0; j < kC; ++j) {
            result[j][i] = a[i][j];
        }
    }
    return result;
}

LONGTAKE_HOST_DEVICE inline Vec3 operator*(const Mat3& a, const Vec3& v) {
    return {dot(a[0], v), dot(a[1], v), dot(a[2], v)};
}

// Columns scaled by s: a diag(s).
LONGTAKE_HOST_DEVICE inline Mat3 scaled(Mat3 a, const Vec3& s) {
    for (auto& row : a) {
        for (std::size_t j = 0; j < 3; ++j) {
            row[j] *= s[j];
        }
    }
    return a;
}

// A quaternion as it is stored, divided by its length, which goes to `norm`.
template <typename Scalar>
LONGTAKE_HOST_DEVICE std::array<double, 4> unit_quaternion(const Scalar* stored,
                                                           double* norm = nullptr) {
    std::array<double, 4> q;
    double square = 0;
    for (std::size_t k = 0; k < 4; ++k) {
        q[k] = static_cast<double>(stored[k]);
        square += q[k] * q[k];
    }
    const double length = std::sqrt(square);
    for (double& v : q) {
        v /= length;
    }
    if (norm != nullptr) {
        *norm = length;
    }
    return q;
}

// The rotation of a unit quaternion w, x, y, z.
LONGTAKE_HOST_DEVICE inline Mat3 rotation_of(const std::array<double, 4>& q) {
    const auto [w, x, y, z] = q;
    return {{{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
             {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
             {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}}};
}

}  // namespace longtake::gaussians
