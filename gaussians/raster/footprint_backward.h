#pragma once

#include "gaussians/raster/footprint.h"

// The gradient of footprint.h, on the CPU and in kernels.
namespace longtake::gaussians {

// By the covariance in pixels, through the completed square of Splat.
LONGTAKE_HOST_DEVICE inline Mat2 by_covariance2(const SplatGradient<double>& by,
                                                const Mat2& covariance) {
    const double yy = covariance[1][1], slope = covariance[0][1] / yy, precision_y = 1 / yy;
    const double precision_x = 1 / (covariance[0][0] - covariance[0][1] * slope);
    const double a = precision_x * precision_x * by.precision_x;
    const double s = precision_y * by.slope;
    const double half_xy = a * slope + 0.5 * s;
    return {{{-a, half_xy},
             {half_xy, -slope * (a * slope + s) - precision_y * precision_y * by.precision_y}}};
}

// By the centre in the camera, through the Jacobian, of which the gradient is `by`.
LONGTAKE_HOST_DEVICE inline Vec3 through_jacobian(const Mat23& by, const Footprint& f,
                                                  const Frustum& frustum) {
    const double z = f.position[2];
    Vec3 t{0, 0, -(frustum.fx * by[0][0] + frustum.fy * by[1][1]) / (z * z)};
    const std::array<double, 2> focal{frustum.fx, frustum.fy};
    for (std::size_t k = 0; k < 2; ++k) {
        // The last column is -focal near / z, where near is position / z within the limits.
        const double slope = focal[k] / (z * z) * by[k][2];
        t[2] += slope * f.near[k] * (f.inside[k] ? 2 : 1);
        t[k] = f.inside[k] ? -slope : 0;
    }
    return t;
}

// By the quaternion as it is stored, from the gradient by its rotation matrix.
LONGTAKE_HOST_DEVICE inline std::array<double, 4> by_quaternion(const Mat3& d, const Footprint& f) {
    const auto [w, x, y, z] = f.unit;
    std::array<double, 4> by{
        2 * (z * (d[1][0] - d[0][1]) + y * (d[0][2] - d[2][0]) + x * (d[2][1] - d[1][2])),
        2 * (y * (d[1][0] + d[0][1]) + z * (d[2][0] + d[0][2]) + w * (d[2][1] - d[1][2])) -
            4 * x * (d[2][2] + d[1][1]),
        2 * (x * (d[1][0] + d[0][1]) + w * (d[0][2] - d[2][0]) + z * (d[1][2] + d[2][1])) -
            4 * y * (d[2][2] + d[0][0]),
        2 * (w * (d[1][0] - d[0][1]) + x * (d[2][0] + d[0][2]) + y * (d[1][2] + d[2][1])) -
            4 * z * (d[1][1] + d[0][0])};
    const double along = by[0] * w + by[1] * x + by[2] * y + by[3] * z;
    for (std::size_t k = 0; k < 4; ++k) {
        by[k] = (by[k] - along * f.unit[k]) / f.norm;
    }
    return by;
}

// The gradient by what makes a Gaussian's shape. Colour gives to its mean as well.
struct ShapeGradient {
    Vec3 mean, log_scales;
    std::array<double, 4> rotation;
};

template <typename Scalar>
LONGTAKE_HOST_DEVICE ShapeGradient shape_backward(const AttributeView<Scalar>& g, int64_t i,
                                                  const Frustum& frustum,
                                                  const SplatGradient<double>& by) {
    const Footprint f = footprint_of(g, i, to_camera(frustum, load3(g.means + 3 * i)), frustum);
    const Mat2 by2 = by_covariance2(by, f.covariance2);
    const Mat3 by3 = transposed(f.map) * by2 * f.map;
    Mat23 by_map = by2 * f.map * f.covariance3;
    for (auto& row : by_map) {
        for (double& v : row) {
            v *= 2;
        }
    }

    Vec3 t = through_jacobian(by_map * transposed(frustum.rotation), f, frustum);
    const auto [x, y, z] = f.position;
    t[0] += frustum.fx * by.u / z;
    t[1] += frustum.fy * by.v / z;
    t[2] += by.depth - (frustum.fx * x * by.u + frustum.fy * y * by.v) / (z * z);

    Mat3 by_root = by3 * scaled(f.turn, f.scales);
    for (auto& row : by_root) {
        for (double& v : row) {
            v *= 2;
        }
    }
    ShapeGradient out;
    out.mean = transposed(frustum.rotation) * t;
    for (std::size_t k = 0; k < 3; ++k) {
        double scale = 0;
        for (std::size_t r = 0; r < 3; ++r) {
            scale += f.turn[r][k] * by_root[r][k];
        }
        out.log_scales[k] = scale * f.scales[k];
    }
    out.rotation = by_quaternion(scaled(by_root, f.scales), f);
    return out;
}

// Writes the gradients by the harmonics, by_rest [sh_rest_count(degree), 3] perhaps over `rest`;
// returns that by the Gaussian's centre.
template <typename Real, typename Scalar>
LONGTAKE_HOST_DEVICE std::array<Real, 3> colour_backward(const Sight<Real>& sight, int degree,
                                                         const std::array<Real, 3>& by_colour,
                                                         const Scalar* rest, Scalar* by_dc,
                                                         Scalar* by_rest) {
    std::array<Real, kShBases> bases;
    std::array<Direction<Real>, kShBases> slopes;
    sh_bases(degree, sight.direction, bases);
    sh_gradients(degree, sight.direction, slopes);
    for (std::size_t c = 0; c < 3; ++c) {
        by_dc[c] = static_cast<Scalar>(bases[0] * by_colour[c]);
    }
    std::array<Real, 3> by_direction{};
    const auto count = static_cast<std::size_t>(sh_rest_count(degree));
    LONGTAKE_UNROLL
    for (std::size_t k = 0; k < count; ++k) {
        const Scalar* from = rest + 3 * k;
        const Real along = static_cast<Real>(from[0]) * by_colour[0] +
                           static_cast<Real>(from[1]) * by_colour[1] +
                           static_cast<Real>(from[2]) * by_colour[2];
        for (std::size_t c = 0; c < 3; ++c) {
            by_rest[3 * k + c] = static_cast<Scalar>(bases[k + 1] * by_colour[c]);
            by_direction[c] += slopes[k + 1][c] * along;
        }
    }
    const auto& d = sight.direction;
    const Real radial = by_direction[0] * d[0] + by_direction[1] * d[1] + by_direction[2] * d[2];
    for (std::size_t c = 0; c < 3; ++c) {
        by_direction[c] = (by_direction[c] - radial * d[c]) / sight.distance;
    }
    return by_direction;
}

}  // namespace longtake::gaussians
