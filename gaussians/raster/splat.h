#pragma once

#include "core/host_device.h"

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

    LONGTAKE_HOST_DEVICE bool visible() const { return reach_y > 0; }
};

// Gradient of the loss by what a splat gives to one tile, or to the picture.
template <typename Scalar> struct SplatGradient {
    Scalar u, v, slope, precision_x, precision_y, opacity;
    Scalar colour[3];
    Scalar depth;
    Scalar abs_u, abs_v;  // sums over pixels of the magnitudes of the gradients by u and v
};

constexpr double kLowPass = 0.3;            // px^2
constexpr double kMinAlpha = 1.0 / 255;     // fainter samples are left out
constexpr double kMaxAlpha = 0.99;          // alpha is clipped here
constexpr double kMinTransmittance = 1e-4;  // a pixel with less left is finished

}  // namespace longtake::gaussians
