#pragma once

#include "tools/toyworld/frame.h"

// The sky along a ray, and the tiled floor at a point, filtered so that it never aliases.
namespace longtake::toyworld {

LTW_HD Vec3 sky_colour(const Light& light, Vec3 ray) {
    const float height = fmaxf(ray.z, 0);
    Vec3 colour = mix(light.horizon, light.zenith, 1 - expf(-3.2f * height));
    const Vec3 off = ray - light.disc_direction;
    const float distance = sqrtf(dot(off, off));
    if (light.glow > 0) {
        colour = colour + light.disc_colour * (light.glow * 0.5f * expf(-5 * distance));
        const float inside = (light.disc_size - distance) * (1 / 0.008f) + 0.5f;
        colour = mix(colour, light.disc_colour * 1.1f, clamp(inside, 0, 1));
    }
    return colour;
}

// The mean over a box of width w of a triangle wave's sign: a checker that never aliases.
LTW_HD float filtered_square(float p, float w) {
    const float lo = (p - 0.5f * w) * 0.5f, hi = (p + 0.5f * w) * 0.5f;
    const float a = fabsf(lo - floorf(lo) - 0.5f), b = fabsf(hi - floorf(hi) - 0.5f);
    return 2 * (a - b) / w;
}

// The share of a box of width w that joints of width j at the integers cover.
LTW_HD float filtered_joint(float p, float w, float j) {
    const float lo = p - 0.5f * w + 0.5f * j, hi = p + 0.5f * w + 0.5f * j;
    const float a = floorf(lo) * j + fminf(lo - floorf(lo), j);
    const float b = floorf(hi) * j + fminf(hi - floorf(hi), j);
    return (b - a) / w;
}

LTW_HD Vec3 floor_colour(const Frame& frame, Vec3 p, Vec3 ray, float t, float pixel) {
    const Floor& f = frame.floor;
    // How far one pixel right and one pixel down move the point on the floor.
    const Vec3 r = frame.view.right, d = frame.view.down;
    const float step = t * pixel, kr = r.z / ray.z, kd = d.z / ray.z;
    const float wx = fmaxf(fabsf(r.x - ray.x * kr), fabsf(d.x - ray.x * kd)) * step;
    const float wy = fmaxf(fabsf(r.y - ray.y * kr), fabsf(d.y - ray.y * kd)) * step;
    const float inv = 1 / f.tile, x = p.x * inv, y = p.y * inv;
    const float bx = wx * inv * 1.3f + 1e-3f, by = wy * inv * 1.3f + 1e-3f;
    const float checker = 0.5f - 0.5f * filtered_square(x, bx) * filtered_square(y, by);
    Vec3 colour = mix(f.dark, f.light, checker);
    if (f.joint_width > 0) {
        const float jx = filtered_joint(x, bx, f.joint_width);
        const float jy = filtered_joint(y, by, f.joint_width);
        colour = mix(colour, f.joint, 1 - (1 - jx) * (1 - jy));
    }
    return colour;
}

}  // namespace longtake::toyworld
