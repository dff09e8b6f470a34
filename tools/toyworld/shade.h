#pragma once

#include "tools/toyworld/backdrop.h"
#include "tools/toyworld/shapes.h"

// One primary ray to one colour: objects, floor or sky, sun with soft shadows, fog.
namespace longtake::toyworld {

struct Surface {
    int slot = -2;  // -2 sky, -1 floor, else the object
    Hit hit;
};

LTW_HD bool hit_body(const Body& body, Vec3 origin, Vec3 ray, Hit& hit) {
    const Vec3 oc = origin - body.position;
    const float b = dot(oc, ray), c = dot(oc, oc) - body.bound * body.bound;
    if (body.a <= 0 || b * b < c || (b > 0 && c > 0)) {
        return false;
    }
    const float scale = 1 / body.a;
    if (!hit_shape(body.shape, transposed_mul(body.rotation, oc) * scale,
                   transposed_mul(body.rotation, ray), hit)) {
        return false;
    }
    hit.t *= body.a;
    return true;
}

LTW_HD Surface cast(const Frame& frame, Vec3 origin, Vec3 ray) {
    Surface surface;
    if (ray.z < -1e-4f) {
        surface.slot = -1;
        surface.hit = {-origin.z / ray.z, {0, 0, 1}};
    }
    for (int i = 0; i < frame.body_count; ++i) {
        Hit hit;
        if (hit_body(frame.bodies[i], origin, ray, hit) && hit.t < surface.hit.t) {
            surface.slot = i;
            surface.hit = hit;
        }
    }
    return surface;
}

LTW_HD bool is_shadowed(const Frame& frame, Vec3 origin, Vec3 ray) {
    for (int i = 0; i < frame.body_count; ++i) {
        Hit hit;
        if (hit_body(frame.bodies[i], origin, ray, hit)) {
            return true;
        }
    }
    return false;
}

// How much of the sky the objects leave open above p: the soft dark under an object.
LTW_HD float openness(const Frame& frame, Vec3 p, Vec3 normal, int self) {
    float open = 1;
    for (int i = 0; i < frame.body_count; ++i) {
        const Body& body = frame.bodies[i];
        const Vec3 to = body.position - p;
        const float d2 = dot(to, to);
        if (i != self && body.a > 0 && d2 < 16) {
            const float facing = fmaxf(dot(normal, to), 0);
            open *= 1 - fminf(0.75f, body.a * body.a * facing / (d2 * sqrtf(d2)));
        }
    }
    return open;
}

// `pixel` is the width of a pixel at unit distance; (jx, jy) in -1..1 picks a point of the sun.
LTW_HD Vec3 trace(const Frame& frame, Vec3 ray, float pixel, float jx, float jy) {
    const Vec3 origin = frame.view.position;
    const Surface s = cast(frame, origin, ray);
    const Light& light = frame.light;
    if (s.slot == -2) {
        return sky_colour(light, ray);
    }
    const Vec3 p = origin + ray * s.hit.t;
    Vec3 normal = s.hit.normal, albedo, shine{};
    if (s.slot < 0) {
        albedo = floor_colour(frame, p, ray, s.hit.t, pixel);
    } else {
        const Body& body = frame.bodies[s.slot];
        const Vec3 local = transposed_mul(body.rotation, p - body.position) * (1 / body.a);
        albedo = is_shaded(body.shape, local) ? body.shade : body.colour;
        normal = body.rotation * normal;
    }
    const Vec3 sun = normalize(light.sun_direction + Vec3{0.06f * jx, 0.06f * jy, 0});
    const float facing = dot(normal, sun);
    float lit = 0;
    if (facing > 0 && !is_shadowed(frame, p + normal * 2e-3f, sun)) {
        lit = facing;
        if (s.slot >= 0) {
            float gloss = fmaxf(dot(normal, normalize(sun - ray)), 0);
            gloss *= gloss, gloss *= gloss, gloss *= gloss, gloss *= gloss, gloss *= gloss;
            shine = light.sun_colour * (0.35f * gloss);
        }
    }
    const float sky_share = (0.78f + 0.22f * normal.z) * openness(frame, p, normal, s.slot);
    // A faint light at the camera keeps colours apart on the side away from the sun.
    const float fill = s.slot < 0 ? 0 : 0.4f * fmaxf(-dot(normal, ray), 0);
    const Vec3 arriving = light.sun_colour * lit + light.ambient * (sky_share + fill);
    Vec3 colour = albedo * arriving + shine;
    const float haze = s.hit.t * (s.slot < 0 ? 1 / 18.0f : 1 / 34.0f);
    return mix(light.horizon, colour, expf(-haze * haze));
}

LTW_HD Vec3 encoded(Vec3 c) {
    return {sqrtf(clamp(c.x, 0, 1)), sqrtf(clamp(c.y, 0, 1)), sqrtf(clamp(c.z, 0, 1))};
}

LTW_HD Vec3 pixel_ray(const View& view, float x, float y, int width, int height) {
    const float scale = 2 * kTanHalfHeight / static_cast<float>(height);
    const float u = (x - 0.5f * static_cast<float>(width)) * scale;
    const float v = (y - 0.5f * static_cast<float>(height)) * scale;
    return normalize(view.forward + view.right * u + view.down * v);
}

struct Pixels {
    int width, height, grid;  // grid x grid rays per pixel
    uint8_t* rgb;             // one frame of each; any may be null
    uint8_t* mask;
    float* depth;
};

LTW_HD void shade_pixel(const Frame& frame, const Pixels& out, int x, int y) {
    const long long at = static_cast<long long>(y) * out.width + x;
    const float fx = static_cast<float>(x), fy = static_cast<float>(y);
    if (out.rgb != nullptr) {
        const float inv = 1 / static_cast<float>(out.grid);
        const float pixel = 2 * kTanHalfHeight / static_cast<float>(out.height);
        Vec3 sum;
        for (int j = 0; j < out.grid; ++j) {
            for (int i = 0; i < out.grid; ++i) {
                const float sx = (static_cast<float>(i) + 0.5f) * inv;
                const float sy = (static_cast<float>(j) + 0.5f) * inv;
                const Vec3 ray = pixel_ray(frame.view, fx + sx, fy + sy, out.width, out.height);
                sum = sum + encoded(trace(frame, ray, pixel, 2 * sx - 1, 2 * sy - 1));
            }
        }
        sum = sum * (255 * inv * inv);
        out.rgb[3 * at] = static_cast<uint8_t>(sum.x + 0.5f);
        out.rgb[3 * at + 1] = static_cast<uint8_t>(sum.y + 0.5f);
        out.rgb[3 * at + 2] = static_cast<uint8_t>(sum.z + 0.5f);
    }
    if (out.mask != nullptr || out.depth != nullptr) {
        const Vec3 ray = pixel_ray(frame.view, fx + 0.5f, fy + 0.5f, out.width, out.height);
        const Surface s = cast(frame, frame.view.position, ray);
        const float depth = s.hit.t * dot(ray, frame.view.forward);
        if (out.mask != nullptr) {
            out.mask[at] = static_cast<uint8_t>(s.slot < 0 ? 0 : s.slot + 1);
        }
        if (out.depth != nullptr) {
            out.depth[at] = s.slot == -2 ? kSkyDepth : fminf(depth, kSkyDepth);
        }
    }
}

}  // namespace longtake::toyworld
