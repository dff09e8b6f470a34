#pragma once

#include "gaussians/scene/small_matrix.h"

#include <cmath>

// Arithmetic of points and directions, for cameras and what surrounds them.
namespace longtake::gaussians {

inline Vec3 plus(const Vec3& a, const Vec3& b, double times = 1) {
    return {a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]};
}

inline Vec3 minus(const Vec3& a, const Vec3& b) {
    return plus(a, b, -1);
}

inline Vec3 times(double factor, const Vec3& v) {
    return {factor * v[0], factor * v[1], factor * v[2]};
}

inline Vec3 cross(const Vec3& a, const Vec3& b) {
    return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

inline double length(const Vec3& v) {
    return std::sqrt(dot(v, v));
}

inline Vec3 unit(const Vec3& v) {
    return times(1 / length(v), v);
}

}  // namespace longtake::gaussians
