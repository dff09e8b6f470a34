#pragma once

#include "core/host_device.h"

#include <array>
#include <cstddef>

// Real spherical harmonics of degree 0 to 3 in the order and signs of 3DGS, as polynomials of a
// unit direction.
namespace longtake::gaussians {

inline constexpr std::size_t kShBases = 16;
inline constexpr double kSh0 = 0.28209479177387814;
inline constexpr double kSh1 = 0.4886025119029199;
inline constexpr double kSh2Product = 1.0925484305920792;
inline constexpr double kSh2Axis = 0.31539156525252005;
inline constexpr double kSh2Square = 0.5462742152960396;
inline constexpr double kSh3Cubic = 0.5900435899266435;
inline constexpr double kSh3Product = 2.890611442640554;
inline constexpr double kSh3Across = 0.4570457994644658;
inline constexpr double kSh3Axis = 0.3731763325901154;
inline constexpr double kSh3Square = 1.445305721320277;

template <typename Real> using Direction = std::array<Real, 3>;

// The bases up to `degree`; those beyond are left as they are.
template <typename Real>
LONGTAKE_HOST_DEVICE void sh_bases(int degree, const Direction<Real>& direction,
                                   std::array<Real, kShBases>& out) {
    const auto [x, y, z] = direction;
    out[0] = Real(kSh0);
    if (degree < 1) {
        return;
    }
    out[1] = -Real(kSh1) * y;
    out[2] = Real(kSh1) * z;
    out[3] = -Real(kSh1) * x;
    if (degree < 2) {
        return;
    }
    const Real xx = x * x, yy = y * y, zz = z * z, xy = x * y;
    out[4] = Real(kSh2Product) * xy;
    out[5] = -Real(kSh2Product) * y * z;
    out[6] = Real(kSh2Axis) * (2 * zz - xx - yy);
    out[7] = -Real(kSh2Product) * x * z;
    out[8] = Real(kSh2Square) * (xx - yy);
    if (degree < 3) {
        return;
    }
    out[9] = -Real(kSh3Cubic) * y * (3 * xx - yy);
    out[10] = Real(kSh3Product) * xy * z;
    out[11] = -Real(kSh3Across) * y * (4 * zz - xx - yy);
    out[12] = Real(kSh3Axis) * z * (2 * zz - 3 * xx - 3 * yy);
    out[13] = -Real(kSh3Across) * x * (4 * zz - xx - yy);
    out[14] = Real(kSh3Square) * z * (xx - yy);
    out[15] = -Real(kSh3Cubic) * x * (xx - 3 * yy);
}

// Their derivatives by x, y and z, each taken as free.
template <typename Real>
LONGTAKE_HOST_DEVICE void sh_gradients(int degree, const Direction<Real>& direction,
                                       std::array<Direction<Real>, kShBases>& out) {
    const auto [x, y, z] = direction;
    out[0] = {};
    if (degree < 1) {
        return;
    }
    out[1] = {0, -Real(kSh1), 0};
    out[2] = {0, 0, Real(kSh1)};
    out[3] = {-Real(kSh1), 0, 0};
    if (degree < 2) {
        return;
    }
    const Real xx = x * x, yy = y * y, zz = z * z, xy = x * y, xz = x * z, yz = y * z;
    const Real product2 = Real(kSh2Product), axis2 = Real(kSh2Axis), square2 = Real(kSh2Square);
    out[4] = {product2 * y, product2 * x, 0};
    out[5] = {0, -product2 * z, -product2 * y};
    out[6] = {-2 * axis2 * x, -2 * axis2 * y, 4 * axis2 * z};
    out[7] = {-product2 * z, 0, -product2 * x};
    out[8] = {2 * square2 * x, -2 * square2 * y, 0};
    if (degree < 3) {
        return;
    }
    const Real cubic = Real(kSh3Cubic), product3 = Real(kSh3Product), across = Real(kSh3Across);
    const Real axis3 = Real(kSh3Axis), square3 = Real(kSh3Square);
    out[9] = {-6 * cubic * xy, -3 * cubic * (xx - yy), 0};
    out[10] = {product3 * yz, product3 * xz, product3 * xy};
    out[11] = {2 * across * xy, -across * (4 * zz - xx - 3 * yy), -8 * across * yz};
    out[12] = {-6 * axis3 * xz, -6 * axis3 * yz, 3 * axis3 * (2 * zz - xx - yy)};
    out[13] = {-across * (4 * zz - 3 * xx - yy), 2 * across * xy, -8 * across * xz};
    out[14] = {2 * square3 * xz, -2 * square3 * yz, square3 * (xx - yy)};
    out[15] = {-3 * cubic * (xx - yy), 6 * cubic * xy, 0};
}

}  // namespace longtake::gaussians
