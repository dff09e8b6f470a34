#pragma once

#include "gaussians/scene/small_matrix.h"

#include <array>
#include <cstddef>

// Real spherical harmonics of degree 0 to 3 in the order and signs of 3DGS, as polynomials of a
// unit direction.
namespace longtake::gaussians {

inline constexpr std::size_t kShBases = 16;
inline constexpr double kSh0 = 0.28209479177387814;
inline constexpr double kSh1 = 0.4886025119029199;
inline constexpr std::array<double, 5> kSh2{1.0925484305920792, -1.0925484305920792,
                                            0.31539156525252005, -1.0925484305920792,
                                            0.5462742152960396};
inline constexpr std::array<double, 7> kSh3{
    -0.5900435899266435, 2.890611442640554, -0.4570457994644658, 0.3731763325901154,
    -0.4570457994644658, 1.445305721320277, -0.5900435899266435};

// The bases up to `degree`; those beyond are left as they are.
inline void sh_bases(int degree, const Vec3& direction, std::array<double, kShBases>& out) {
    const auto [x, y, z] = direction;
    out[0] = kSh0;
    if (degree < 1) {
        return;
    }
    out[1] = -kSh1 * y;
    out[2] = kSh1 * z;
    out[3] = -kSh1 * x;
    if (degree < 2) {
        return;
    }
    const double xx = x * x, yy = y * y, zz = z * z, xy = x * y;
    out[4] = kSh2[0] * xy;
    out[5] = kSh2[1] * y * z;
    out[6] = kSh2[2] * (2 * zz - xx - yy);
    out[7] = kSh2[3] * x * z;
    out[8] = kSh2[4] * (xx - yy);
    if (degree < 3) {
        return;
    }
    out[9] = kSh3[0] * y * (3 * xx - yy);
    out[10] = kSh3[1] * xy * z;
    out[11] = kSh3[2] * y * (4 * zz - xx - yy);
    out[12] = kSh3[3] * z * (2 * zz - 3 * xx - 3 * yy);
    out[13] = kSh3[4] * x * (4 * zz - xx - yy);
    out[14] = kSh3[5] * z * (xx - yy);
    out[15] = kSh3[6] * x * (xx - 3 * yy);
}

// Their derivatives by x, y and z, each taken as free.
inline void sh_gradients(int degree, const Vec3& direction, std::array<Vec3, kShBases>& out) {
    const auto [x, y, z] = direction;
    out[0] = {};
    if (degree < 1) {
        return;
    }
    out[1] = {0, -kSh1, 0};
    out[2] = {0, 0, kSh1};
    out[3] = {-kSh1, 0, 0};
    if (degree < 2) {
        return;
    }
    const double xx = x * x, yy = y * y, zz = z * z, xy = x * y, xz = x * z, yz = y * z;
    out[4] = {kSh2[0] * y, kSh2[0] * x, 0};
    out[5] = {0, kSh2[1] * z, kSh2[1] * y};
    out[6] = {-2 * kSh2[2] * x, -2 * kSh2[2] * y, 4 * kSh2[2] * z};
    out[7] = {kSh2[3] * z, 0, kSh2[3] * x};
    out[8] = {2 * kSh2[4] * x, -2 * kSh2[4] * y, 0};
    if (degree < 3) {
        return;
    }
    out[9] = {6 * kSh3[0] * xy, 3 * kSh3[0] * (xx - yy), 0};
    out[10] = {kSh3[1] * yz, kSh3[1] * xz, kSh3[1] * xy};
    out[11] = {-2 * kSh3[2] * xy, kSh3[2] * (4 * zz - xx - 3 * yy), 8 * kSh3[2] * yz};
    out[12] = {-6 * kSh3[3] * xz, -6 * kSh3[3] * yz, 3 * kSh3[3] * (2 * zz - xx - yy)};
    out[13] = {kSh3[4] * (4 * zz - 3 * xx - yy), -2 * kSh3[4] * xy, 8 * kSh3[4] * xz};
    out[14] = {2 * kSh3[5] * xz, -2 * kSh3[5] * yz, kSh3[5] * (xx - yy)};
    out[15] = {3 * kSh3[6] * (xx - yy), -6 * kSh3[6] * xy, 0};
}

}  // namespace longtake::gaussians
