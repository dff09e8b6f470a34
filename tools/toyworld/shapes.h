#pragma once

#include "tools/toyworld/frame.h"
#include "tools/toyworld/script.h"

// The solids, in their own axes, scaled by a (half the height): geometry, rays, patterns.
namespace longtake::toyworld {

inline constexpr float kConeRadius = 0.95f;      // of the base, which lies at z = -a
inline constexpr float kCylinderRadius = 0.80f;  // z from -a to a
inline constexpr float kRingRadius = 0.72f;      // of the centre line, around z
inline constexpr float kTubeRadius = 0.28f;

LTW_HD float bound_of(int shape) {
    return shape == kCube ? 1.7321f : shape == kCone ? 1.38f : shape == kCylinder ? 1.2807f : 1.0f;
}

// Height of the centre above the ground when the solid touches it; `up` is in its own axes.
LTW_HD float support(int shape, Vec3 up) {
    const float side = sqrtf(fmaxf(0, 1 - up.z * up.z));
    switch (shape) {
        case kCube: return fabsf(up.x) + fabsf(up.y) + fabsf(up.z);
        case kCone: return fmaxf(-up.z, up.z + kConeRadius * side);
        case kCylinder: return fabsf(up.z) + kCylinderRadius * side;
        case kRing: return kRingRadius * side + kTubeRadius;
        default: return 1.0f;
    }
}

// Radius of the circle on which the solid rolls when its axis lies level.
LTW_HD float rolling_radius(int shape) { return shape == kCylinder ? kCylinderRadius : 1.0f; }

// Half the width along x when it stands or rolls facing the camera.
LTW_HD float half_width(int shape) {
    return shape == kCone ? kConeRadius : shape == kCylinder ? kCylinderRadius : 1.0f;
}

struct Hit {
    float t = 1e9f;
    Vec3 normal;
};

LTW_HD bool hit_ball(Vec3 o, Vec3 d, Hit& hit) {
    const float b = dot(o, d), h = b * b - dot(o, o) + 1;
    const float t = -b - sqrtf(fmaxf(h, 0));
    if (h < 0 || t < 0) {
        return false;
    }
    hit = {t, o + d * t};
    return true;
}

LTW_HD bool hit_cube(Vec3 o, Vec3 d, Hit& hit) {
    const Vec3 m{1 / d.x, 1 / d.y, 1 / d.z};
    const Vec3 n = m * o, k{fabsf(m.x), fabsf(m.y), fabsf(m.z)};
    const Vec3 t1 = -n - k, t2 = k - n;
    const float near = fmaxf(fmaxf(t1.x, t1.y), t1.z), far = fminf(fminf(t2.x, t2.y), t2.z);
    if (!(near < far) || near < 0) {
        return false;
    }
    hit.t = near;
    hit.normal = near == t1.x   ? Vec3{d.x < 0 ? 1.0f : -1.0f, 0, 0}
                 : near == t1.y ? Vec3{0, d.y < 0 ? 1.0f : -1.0f, 0}
                                : Vec3{0, 0, d.z < 0 ? 1.0f : -1.0f};
    return true;
}

// Cylinder and cone are one quadric of revolution: radius(z) = r + s z, between z = -1 and 1.
LTW_HD bool hit_round(Vec3 o, Vec3 d, float r, float s, Hit& hit) {
    bool found = false;
    const float ro = r + s * o.z, rd = s * d.z;
    const float a = d.x * d.x + d.y * d.y - rd * rd;
    const float b = o.x * d.x + o.y * d.y - ro * rd;
    const float c = o.x * o.x + o.y * o.y - ro * ro;
    const float h = b * b - a * c;
    if (h > 0 && fabsf(a) > 1e-8f) {
        const float root = sqrtf(h) * (a > 0 ? 1.0f : -1.0f);
        for (int k = -1; k <= 1 && !found; k += 2) {
            const float t = (-b + static_cast<float>(k) * root) / a, z = o.z + t * d.z;
            if (t > 0 && fabsf(z) < 1 && r + s * z >= 0) {
                const Vec3 p = o + d * t;
                hit = {t, normalize({p.x, p.y, -s * (r + s * z)})};
                found = dot(hit.normal, d) < 0;
            }
        }
    }
    const float cap = d.z < 0 ? 1.0f : -1.0f, radius = r + s * cap;
    const float t = (cap - o.z) / d.z;
    const float x = o.x + t * d.x, y = o.y + t * d.y;
    if (t > 0 && x * x + y * y < radius * radius && (!found || t < hit.t)) {
        hit = {t, {0, 0, cap}};
        found = true;
    }
    return found;
}

LTW_HD float ring_distance(Vec3 p) {
    const float q = sqrtf(p.x * p.x + p.y * p.y) - kRingRadius;
    return sqrtf(q * q + p.z * p.z) - kTubeRadius;
}

LTW_HD bool hit_ring(Vec3 o, Vec3 d, Hit& hit) {
    // Sphere tracing between the two ends of the enclosing slab and sphere.
    const float b = dot(o, d), h = b * b - dot(o, o) + 1;
    if (h < 0) {
        return false;
    }
    float t = -b - sqrtf(h), end = -b + sqrtf(h);
    const float inv = 1 / d.z, z1 = (-kTubeRadius - o.z) * inv, z2 = (kTubeRadius - o.z) * inv;
    t = fmaxf(fmaxf(t, fminf(z1, z2)), 0);
    end = fminf(end, fmaxf(z1, z2));
    for (int i = 0; i < 32 && t < end; ++i) {
        const float distance = ring_distance(o + d * t);
        if (distance < 1e-3f) {
            const Vec3 p = o + d * t;
            const float k = kRingRadius / sqrtf(p.x * p.x + p.y * p.y + 1e-12f);
            hit = {t, normalize({p.x - p.x * k, p.y - p.y * k, p.z})};
            return true;
        }
        t += distance;
    }
    return false;
}

// Ray in the solid's own axes, lengths in units of a.
LTW_HD bool hit_shape(int shape, Vec3 o, Vec3 d, Hit& hit) {
    switch (shape) {
        case kCube: return hit_cube(o, d, hit);
        case kCone: return hit_round(o, d, 0.5f * kConeRadius, -0.5f * kConeRadius, hit);
        case kCylinder: return hit_round(o, d, kCylinderRadius, 0, hit);
        case kRing: return hit_ring(o, d, hit);
        default: return hit_ball(o, d, hit);
    }
}

// Which of the two tones covers the point p of the surface.
LTW_HD bool is_shaded(int shape, Vec3 p) {
    switch (shape) {
        case kCone: return p.x * p.y > 0;
        case kCylinder: return (p.x * p.y > 0) != (p.z > 0 && fabsf(p.z) < 0.999f);
        case kRing: return p.x * p.y * (p.x * p.x - p.y * p.y) > 0;
        case kCube: {
            const float x = fabsf(p.x), y = fabsf(p.y), z = fabsf(p.z);
            return x > y && x > z ? p.y * p.z > 0 : (y > z ? p.x * p.z > 0 : p.x * p.y > 0);
        }
        default: return p.x * p.y * p.z > 0;
    }
}

}  // namespace longtake::toyworld
