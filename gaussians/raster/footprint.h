#pragma once

#include "gaussians/raster/attributes.h"
#include "gaussians/raster/spherical_harmonics.h"
#include "gaussians/raster/splat.h"
#include "gaussians/scene/camera.h"
#include "gaussians/scene/small_matrix.h"

#include <algorithm>
#include <cmath>

// What a camera makes of one Gaussian, on the CPU and in kernels.
namespace longtake::gaussians {

// The frustum of a camera as projection and its gradient need it.
struct Frustum {
    explicit Frustum(const Camera& camera);

    double fx, fy, cx, cy;
    double width, height;                     // pixels
    double least_x, most_x, least_y, most_y;  // limits of x / z, y / z in the Jacobian
    Mat3 rotation;
    Vec3 translation, centre;
};

LONGTAKE_HOST_DEVICE inline Vec3 to_camera(const Frustum& frustum, const Vec3& mean) {
    Vec3 t = frustum.rotation * mean;
    for (std::size_t i = 0; i < 3; ++i) {
        t[i] += frustum.translation[i];
    }
    return t;
}

// The intermediate values of one Gaussian's projection.
struct Footprint {
    Vec3 position;               // of the centre, in the camera
    Vec3 scales;                 // standard deviations
    double norm;                 // of the quaternion
    std::array<double, 4> unit;  // the quaternion divided by it
    Mat3 turn;                   // its rotation
    double near[2];              // x / z and y / z within the frustum's limits
    bool inside[2];              // whether they were already
    Mat23 map;                   // Jacobian times rotation of the camera
    Mat3 covariance3;            // world
    Mat2 covariance2;            // pixels, low-pass included
};

template <typename Scalar>
LONGTAKE_HOST_DEVICE Footprint footprint_of(const AttributeView<Scalar>& g, int64_t i,
                                            const Vec3& t, const Frustum& frustum) {
    Footprint f;
    f.position = t;
    f.unit = unit_quaternion(g.rotations + 4 * i, &f.norm);
    f.turn = rotation_of(f.unit);
    for (std::size_t k = 0; k < 3; ++k) {
        f.scales[k] = std::exp(static_cast<double>(g.log_scales[3 * i + static_cast<int64_t>(k)]));
    }
    const Mat3 root = scaled(f.turn, f.scales);
    f.covariance3 = root * transposed(root);

    const double x = t[0] / t[2], y = t[1] / t[2];
    f.near[0] = std::clamp(x, frustum.least_x, frustum.most_x);
    f.near[1] = std::clamp(y, frustum.least_y, frustum.most_y);
    f.inside[0] = x == f.near[0];
    f.inside[1] = y == f.near[1];
    const Mat23 jacobian{{{frustum.fx / t[2], 0, -frustum.fx * f.near[0] / t[2]},
                          {0, frustum.fy / t[2], -frustum.fy * f.near[1] / t[2]}}};
    f.map = jacobian * frustum.rotation;
    f.covariance2 = f.map * f.covariance3 * transposed(f.map);
    f.covariance2[0][0] += kLowPass;
    f.covariance2[1][1] += kLowPass;
    return f;
}

constexpr double kMostReach = 1e9;  // pixels; beyond it, single precision has no squares to spare

// All of a splat but its colour; false when the picture cannot show the Gaussian.
template <typename Scalar>
LONGTAKE_HOST_DEVICE bool shape_of(const AttributeView<Scalar>& g, int64_t i,
                                   const Frustum& frustum, double near, Splat<Scalar>& s) {
    s.reach_x = s.reach_y = 0;
    const Vec3 t = to_camera(frustum, load3(g.means + 3 * i));
    const double opacity = 1 / (1 + std::exp(-static_cast<double>(g.opacities[i])));
    if (!(t[2] > near) || !(opacity > kMinAlpha)) {
        return false;
    }
    const Footprint f = footprint_of(g, i, t, frustum);
    const double xx = f.covariance2[0][0], xy = f.covariance2[0][1], yy = f.covariance2[1][1];
    const double level = 2 * std::log(opacity / kMinAlpha);
    const double reach_x = std::sqrt(level * xx), reach_y = std::sqrt(level * yy);
    const double u = frustum.fx * t[0] / t[2] + frustum.cx;
    const double v = frustum.fy * t[1] / t[2] + frustum.cy;
    if (!(reach_x < kMostReach && reach_y < kMostReach)) {
        return false;
    }
    if (!(u + reach_x > 0 && v + reach_y > 0 && u - reach_x < frustum.width &&
          v - reach_y < frustum.height)) {
        return false;
    }
    s.u = static_cast<Scalar>(u);
    s.v = static_cast<Scalar>(v);
    s.slope = static_cast<Scalar>(xy / yy);
    s.precision_x = static_cast<Scalar>(1 / (xx - xy * xy / yy));
    s.precision_y = static_cast<Scalar>(1 / yy);
    s.opacity = static_cast<Scalar>(opacity);
    s.depth = static_cast<Scalar>(t[2]);
    s.reach_x = static_cast<Scalar>(reach_x);
    s.reach_y = static_cast<Scalar>(reach_y);
    return true;
}

// From the camera to a Gaussian.
template <typename Real> struct Sight {
    template <typename Scalar> LONGTAKE_HOST_DEVICE Sight(const Scalar* mean, const Vec3& centre) {
        for (std::size_t c = 0; c < 3; ++c) {
            direction[c] = static_cast<Real>(static_cast<double>(mean[c]) - centre[c]);
        }
        const auto& d = direction;
        distance = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        for (Real& v : direction) {
            v /= distance;
        }
    }
    Direction<Real> direction;  // unit
    Real distance;
};

// Colour seen from there, before it is kept from being negative; rest [sh_rest_count(degree), 3].
template <typename Real, typename Scalar>
LONGTAKE_HOST_DEVICE std::array<Real, 3> colour_of(const Sight<Real>& sight, int degree,
                                                   const Scalar* dc, const Scalar* rest) {
    std::array<Real, kShBases> bases;
    sh_bases(degree, sight.direction, bases);
    std::array<Real, 3> colour;
    for (std::size_t c = 0; c < 3; ++c) {
        colour[c] = Real(0.5) + bases[0] * static_cast<Real>(dc[c]);
    }
    const auto count = static_cast<std::size_t>(sh_rest_count(degree));
    LONGTAKE_UNROLL
    for (std::size_t k = 0; k < count; ++k) {
        for (std::size_t c = 0; c < 3; ++c) {
            colour[c] += bases[k + 1] * static_cast<Real>(rest[3 * k + c]);
        }
    }
    return colour;
}

}  // namespace longtake::gaussians
