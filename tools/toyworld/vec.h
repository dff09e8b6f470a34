#pragma once

#include <math.h>

#include "tools/toyworld/host_device.h"

namespace longtake::toyworld {

inline constexpr float kPi = 3.14159265358979f;

struct Vec3 {
    float x = 0, y = 0, z = 0;
};

LTW_HD Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
LTW_HD Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
LTW_HD Vec3 operator*(Vec3 a, Vec3 b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
LTW_HD Vec3 operator*(Vec3 a, float s) { return {a.x * s, a.y * s, a.z * s}; }
LTW_HD Vec3 operator*(float s, Vec3 a) { return a * s; }
LTW_HD Vec3 operator-(Vec3 a) { return {-a.x, -a.y, -a.z}; }
LTW_HD float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
LTW_HD Vec3 cross(Vec3 a, Vec3 b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
LTW_HD float length(Vec3 a) { return sqrtf(dot(a, a)); }
LTW_HD Vec3 normalize(Vec3 a) { return a * (1.0f / sqrtf(dot(a, a) + 1e-20f)); }
LTW_HD Vec3 mix(Vec3 a, Vec3 b, float t) { return a + (b - a) * t; }
LTW_HD float mix(float a, float b, float t) { return a + (b - a) * t; }
LTW_HD float clamp(float v, float lo, float hi) { return v < lo ? lo : (v > hi ? hi : v); }
LTW_HD float smooth_step(float t) {
    t = clamp(t, 0, 1);
    return t * t * (3 - 2 * t);
}

// Columns are the images of the x, y and z axes.
struct Mat3 {
    Vec3 x{1, 0, 0}, y{0, 1, 0}, z{0, 0, 1};
};

LTW_HD Vec3 operator*(const Mat3& m, Vec3 v) { return m.x * v.x + m.y * v.y + m.z * v.z; }
LTW_HD Vec3 transposed_mul(const Mat3& m, Vec3 v) {
    return {dot(m.x, v), dot(m.y, v), dot(m.z, v)};
}
LTW_HD Mat3 orthonormalized(Mat3 m) {
    m.z = normalize(m.z);
    m.x = normalize(m.x - m.z * dot(m.x, m.z));
    m.y = cross(m.z, m.x);
    return m;
}
LTW_HD Mat3 rotation_about_z(float angle) {
    const float c = cosf(angle), s = sinf(angle);
    return {{c, s, 0}, {-s, c, 0}, {0, 0, 1}};
}
// Rotates m by the rotation vector w (radians, world axes).
LTW_HD Mat3 rotated(Mat3 m, Vec3 w) {
    const float angle = length(w);
    if (angle < 1e-7f) {
        return m;
    }
    const Vec3 k = w * (1 / angle);
    const float c = cosf(angle), s = sinf(angle);
    const auto turn = [&](Vec3 v) {
        return v * c + cross(k, v) * s + k * (dot(k, v) * (1 - c));
    };
    return orthonormalized({turn(m.x), turn(m.y), turn(m.z)});
}

}  // namespace longtake::toyworld
