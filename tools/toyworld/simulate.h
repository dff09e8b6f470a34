#pragma once

#include "tools/toyworld/move.h"

// Steps the world from frame to frame. Whatever the script switches, positions stay continuous.
namespace longtake::toyworld {

inline constexpr float kGravity = 9.5f;
inline constexpr float kHover = 0.5f;

// The solid's axis when it rolls like a wheel is level; at rest a cylinder stands and a ring faces.
LTW_HD bool rolls_as_wheel(int shape, int motion) {
    return (shape == kRing && motion == kCircles) ||
           ((shape == kRing || shape == kCylinder) &&
            (is_roll(motion) || motion == kSways || motion == kCollides));
}

LTW_HD Mat3 posture(int shape, int motion, const ObjectState& o) {
    const Mat3 yaw = rotation_about_z(o.heading + o.facing);
    if (shape == kRing || rolls_as_wheel(shape, motion)) {
        const Mat3 m = rolls_as_wheel(shape, motion) ? rotation_about_z(o.heading) : yaw;
        return {m.x, {0, 0, 1}, -m.y};  // the axis points at the camera
    }
    return yaw;
}

LTW_HD void turn(ObjectState& o, int shape, int motion, float half_height, float dt) {
    const bool wheel = rolls_as_wheel(shape, motion);
    Mat3& m = o.rotation;
    if (shape == kBall || wheel) {
        const float inv = 1 / (half_height * rolling_radius(shape));
        m = rotated(m, Vec3{-o.vy, o.vx, 0} * (inv * dt));
    }
    m = rotated(m, {0, 0, o.spin.rate * dt});
    if (shape == kCylinder || shape == kRing) {
        // Lean over to the axis that the motion asks for, from whichever side is nearer.
        Vec3 axis{0, 0, 1};
        if (wheel) {
            const Vec3 side{-sinf(o.heading), cosf(o.heading), 0};
            axis = motion == kCircles ? normalize({-o.vy, o.vx, 1e-6f}) : side;
        } else if (shape == kRing) {
            const float yaw = o.heading + o.facing;
            const bool free_yaw = motion == kSpins || motion == kFloats;
            axis = free_yaw ? normalize({m.z.x, m.z.y + 1e-6f, 0}) : Vec3{-sinf(yaw), cosf(yaw), 0};
        }
        axis = dot(axis, m.z) < 0 ? -axis : axis;
        const float rate = motion == kCircles ? 12.0f : 6.0f;
        m = rotated(m, cross(m.z, axis) * (1 - expf(-rate * dt)));
    } else if (motion == kCollides && shape == kCube) {
        const Vec3 x = fabsf(m.x.x) > fabsf(m.y.x) ? m.x : m.y;  // meet face to face
        m = rotated(m, {0, 0, -x.y * (x.x < 0 ? -1.0f : 1.0f) * (1 - expf(-6 * dt))});
    }
}

LTW_HD void hop(ObjectState& o, bool bounces, float take_off, float dt) {
    if (o.hop <= 0 && !bounces) {
        o.hop = o.hop_rate = 0;
        return;
    }
    if (o.hop <= 0 && o.hop_rate <= 0) {
        o.hop_rate = take_off;
    }
    const float fall = o.hop + o.hop_rate * dt - 0.5f * kGravity * dt * dt;
    if (fall > 0) {
        o.hop = fall;
        o.hop_rate -= kGravity * dt;
        return;
    }
    const float v = o.hop_rate;
    const float landing = (v + sqrtf(v * v + 2 * kGravity * o.hop)) / kGravity;
    const float impact = kGravity * landing - v, rest = fmaxf(dt - landing, 0);
    const float up = bounces ? take_off : (impact > 1.2f ? 0.45f * impact : 0);
    o.hop = fmaxf(up * rest - 0.5f * kGravity * rest * rest, 0);
    o.hop_rate = up > 0 ? up - kGravity * rest : 0;
}

// `shape` is the one that shows: a morph is still the old one in its first half.
LTW_HD void step_object(ObjectState& o, const ltw_script& script, const ltw_segment& s,
                        const Detail& d, int slot, int shape, const CameraState& c, float dt) {
    const ltw_object& object = s.objects[slot];
    const int motion = object.motion;
    const float half_height = 0.5f * size_of(object);
    if (on_path(motion)) {
        move_on_path(o, script, object, d, slot, c, dt);
    } else {
        move_freely(o, motion, s.camera, d, slot, home_of(script, slot), c, dt);
        if (is_roll(motion) || s.camera == kFollows) {
            wrap_around(o, c, shape, half_height);
        }
    }
    const float spin = motion == kSpins ? d.spin_rate[slot] : motion == kFloats ? 0.9f : 0;
    o.spin.cruise(spin, dt);
    o.hover.approach(motion == kFloats ? kHover : 0, 1.4f, dt, 2.5f);
    turn(o, shape, motion, half_height, dt);
    hop(o, motion == kBounces, d.bounce_rate[slot], dt);
}

LTW_HD World first_world(const ltw_script& script, const Detail& d, uint64_t seed) {
    Random random(seed, 3);
    World w;
    const ltw_segment& s = script.segments[0];
    w.camera = first_camera(d, s.camera);
    const CameraState& c = w.camera;
    const float shared = random.uniform(0, 4);  // the phase of what several do together
    for (int i = 0; i < kMaxObjects; ++i) {
        ObjectState& o = w.objects[i];
        const Home home = home_of(script, i);
        o.x = home.x, o.y = home.y;
        o.facing = random.uniform(-0.5f, 0.5f);
        const float across = random.uniform(-1, 1), part = random.uniform();
        if (i >= s.object_count) {
            continue;
        }
        const ltw_object& object = s.objects[i];
        const int motion = object.motion;
        begin_motion(o, script, object, d, i, c);
        if (is_roll(motion)) {
            const float edge = (d.mid_distance + home.y) * kTanHalfHeight * 1.78f;
            o.x = s.camera == kFollows ? home.x : across * edge;
            o.vx = motion == kRollsLeft ? -d.roll_speed[i] : d.roll_speed[i];
        } else if (is_depth(motion)) {
            const float near = 3.6f - d.mid_distance, far = 6.0f;
            const float from = motion == kComesCloser ? far : near;
            o.y = mix(from, near + far - from, d.start);
        } else if (on_path(motion) || motion == kSways) {
            o.phase = shared + (motion == kSways ? part : 0);
            o.ox = o.oy = o.ovx = o.ovy = 0;
            o.x += motion == kSways ? d.sway_width * sinf(2 * kPi * o.phase / d.sway_period) : 0;
        } else if (motion == kBounces) {
            o.hop_rate = d.bounce_rate[i] * (1 - 2 * part);
            o.hop = (d.bounce_rate[i] * d.bounce_rate[i] - o.hop_rate * o.hop_rate) /
                    (2 * kGravity);
        } else if (motion == kFloats) {
            o.hover.value = kHover;
        }
        o.rotation = posture(object.shape, motion, o);
        if (on_path(motion)) {
            const Home p = path_point(script, object, d, i, o.phase);
            o.x = p.x, o.y = p.y;
        }
        if (object.shape == kBall) {
            o.rotation = rotated(o.rotation, {0.6f * across, 0.5f, part * 6});
        }
    }
    // Let velocities settle, so that the clip begins in the middle of what goes on.
    for (int k = 0; k < 8; ++k) {
        step_camera(w.camera, d, s.camera, w.objects[d.followed[0]], 0.06f);
        for (int i = 0; i < s.object_count; ++i) {
            step_object(w.objects[i], script, s, d, i, s.objects[i].shape, w.camera, 0.06f);
        }
    }
    return w;
}

}  // namespace longtake::toyworld
