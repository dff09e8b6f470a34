#pragma once

#include "core/tensor.h"
#include "gaussians/scene/camera.h"

#include <array>
#include <cstdint>

namespace longtake::gaussians {

// A camera as it was calibrated. With p = (x, y) on the plane z = 1 and r = |p|, its pictures show
// p at the pixel focal * distort(p) + principal point, where distort is OpenCV's or COLMAP's:
//   Radial   p (1 + k1 r^2 + k2 r^4 + k3 r^6) / (1 + k4 r^2 + k5 r^4 + k6 r^6) and the tangential
//            terms of p1 and p2; coefficients k1 k2 p1 p2 k3 k4 k5 k6
//   Fisheye  p theta (1 + k1 theta^2 + ... + k4 theta^8) / r with theta = atan r; coefficients
//   k1..k4
//   FieldOfView  p atan(2 r tan(w / 2)) / (w r); coefficient w (Devernay & Faugeras 2001)
//   ThinPrism  of q = p theta / r: q (1 + k1 theta^2 + k2 theta^4 + k3 theta^6 + k4 theta^8), the
//   tangential terms, and s theta^2; coefficients k1 k2 p1 p2 k3 k4 s1 s2
struct Lens {
    enum class Distortion : uint8_t { None, Radial, Fisheye, FieldOfView, ThinPrism };

    Camera camera{};  // size, focal lengths, principal point and pose
    Distortion distortion = Distortion::None;
    std::array<double, 8> coefficients{};

    std::array<double, 2> distort(double x, double y) const;
    Lens resized(int64_t width, int64_t height) const;
};

// A pinhole of the same size, place and principal point, at the shortest focal length for which the
// lens's picture covers all of its own. Throws InputError when there is none.
Camera undistorted(const Lens& lens);

// The picture that `camera` would have taken, from that of the lens: [H, W, 3], bilinear.
Tensor undistort(const Tensor& image, const Lens& lens, const Camera& camera);

}  // namespace longtake::gaussians
