#pragma once

#include "gaussians/raster/attributes.h"
#include "gaussians/raster/render.h"
#include "gaussians/scene/small_matrix.h"

#include <vector>

namespace longtake::gaussians {

// A Gaussian as the camera sees it. Its alpha at dy pixels below the centre and e pixels right of
// the point where its ridge crosses that row, x = u + slope dy, is
//   opacity exp(-(precision_x e^2 + precision_y dy^2) / 2),
// the conic with the square completed: the same function, which loses no digits when the footprint
// is a thin slanted line.
template <typename Scalar> struct Splat {
    Scalar u, v;         // centre, pixels
    Scalar slope;        // cov_xy / cov_yy
    Scalar precision_x;  // 1 / (cov_xx - cov_xy^2 / cov_yy)
    Scalar precision_y;  // 1 / cov_yy
    Scalar opacity;      // 0..1
    Scalar colour[3];
    Scalar depth;             // along the optical axis, scene units
    Scalar reach_x, reach_y;  // alpha is below 1/255 outside |dx| <= reach_x, |dy| <= reach_y

    bool visible() const { return reach_y > 0; }
};

constexpr double kLowPass = 0.3;            // px^2
constexpr double kMinAlpha = 1.0 / 255;     // fainter samples are left out
constexpr double kMaxAlpha = 0.99;          // alpha is clipped here
constexpr double kMinTransmittance = 1e-4;  // a pixel with less left is finished

// The frustum of a camera as projection and its gradient need it.
struct Frustum {
    explicit Frustum(const Camera& camera);

    double fx, fy, cx, cy;
    double least_x, most_x, least_y, most_y;  // limits of x / z, y / z in the Jacobian
    Mat3 rotation;
    Vec3 translation, centre;
};

Vec3 to_camera(const Frustum& frustum, const Vec3& mean);

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
Footprint footprint_of(const AttributeView<Scalar>& gaussians, int64_t i, const Vec3& position,
                       const Frustum& frustum);

// Fills splats [N]; those that the picture cannot show have reach_y 0.
template <typename Scalar>
void project(const AttributeView<Scalar>& gaussians, const Camera& camera,
             const RenderOptions& options, std::vector<Splat<Scalar>>& splats);

}  // namespace longtake::gaussians
