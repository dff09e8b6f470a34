#pragma once

#include "tools/toyworld/shapes.h"
#include "tools/toyworld/state.h"

// How the camera and the objects travel over the ground, one time step at a time.
namespace longtake::toyworld {

LTW_HD View view_of(const CameraState& c, float azimuth_offset) {
    const float azimuth = c.azimuth.value + azimuth_offset, d = c.distance.value;
    View v;
    v.position = {c.x.value + d * sinf(azimuth), c.y.value - d * cosf(azimuth),
                  0.55f + d * sinf(c.elevation)};
    const float yaw = azimuth - c.pan.value;
    const float drop = -sinf(c.elevation) * 0.9f;
    v.forward = normalize({-sinf(yaw), cosf(yaw), drop});
    v.right = {cosf(yaw), sinf(yaw), 0};
    v.down = cross(v.forward, v.right);
    return v;
}

LTW_HD void step_camera(CameraState& c, const Detail& d, int verb, const ObjectState& followed,
                        float dt) {
    const float orbit = verb == kOrbitsRight ? d.orbit_rate
                        : verb == kOrbitsLeft ? -d.orbit_rate
                                              : 0;
    c.azimuth.cruise(orbit, dt);
    if (verb == kPansLeft || verb == kPansRight) {
        c.pan.approach(verb == kPansLeft ? -d.pan_limit : d.pan_limit, 0.14f, dt);
    } else if (verb == kStatic) {
        c.pan.cruise(0, dt);
    } else {
        c.pan.approach(0, 0.12f, dt);
    }
    if (is_dolly(verb)) {
        const float pace = (d.far_distance - d.near_distance) / 4.2f;
        c.distance.approach(verb == kDolliesIn ? d.near_distance : d.far_distance, pace, dt);
    } else if (is_orbit(verb) || verb == kFollows) {
        c.distance.approach(d.mid_distance, 0.6f, dt);
    } else {
        c.distance.cruise(0, dt);
    }
    if (verb == kFollows) {
        const float lead = clamp((followed.x - c.x.value) * 1.5f, -1.5f, 1.5f);
        c.x.cruise(followed.vx + lead, dt);
        c.y.cruise(followed.vy, dt);
    } else {
        c.x.cruise(0, dt);
        c.y.cruise(0, dt);
    }
}

// An object that has left the picture on one side comes back in on the other.
LTW_HD void wrap_around(ObjectState& o, const CameraState& c, int shape, float half_height) {
    const View v = view_of(c, 0);
    const Vec3 to{o.x - v.position.x, o.y - v.position.y, half_height - v.position.z};
    const Vec3 along{cosf(o.heading), sinf(o.heading), 0};
    const float passing = (o.vx - c.x.rate) * v.right.x + (o.vy - c.y.rate) * v.right.y;
    const float side = passing > 0 ? 1.0f : -1.0f;
    const float girth = shape == kCube ? 1.7f : 1.25f;
    const float margin = girth * half_height + 0.05f, slope = kTanHalfHeight * 1.78f;
    const float x = dot(to, v.right), z = dot(to, v.forward);
    const float rate = side * dot(along, v.right) + slope * dot(along, v.forward);
    if (fabsf(passing) > 0.2f && z > 0 && side * x > slope * z + margin && fabsf(rate) > 0.3f) {
        const float shift = -(side * x + slope * z + margin - 0.02f) / rate;
        o.x += shift * along.x;
        o.y += shift * along.y;
    }
}

LTW_HD void move_freely(ObjectState& o, int motion, int camera, const Detail& d, int slot,
                        Home home, const CameraState& c, float dt) {
    const float cs = cosf(o.heading), sn = sinf(o.heading), speed = d.roll_speed[slot];
    const float x = o.x - c.x.value, y = o.y - c.y.value;
    const float right = x * cs + y * sn, deep = y * cs - x * sn;
    float wish_right = 0, wish_deep = 0;
    if (is_roll(motion)) {
        wish_right = motion == kRollsLeft ? -speed : speed;
        wish_deep = fabsf(o.heading) < 0.05f ? clamp((home.y - deep) * 1.5f, -1.0f, 1.0f) : 0;
    } else if (is_depth(motion)) {
        const float closest = fmaxf(3.5f, (fabsf(right) + 0.5f) / 0.6f);
        const float goal = motion == kComesCloser ? closest - c.distance.value : 6.5f;
        wish_deep = clamp((goal - deep) * 1.2f, -1.5f, 1.5f);
    } else if (motion == kSways) {
        const float w = 2 * kPi / d.sway_period;
        const float middle = o.anchor + d.sway_width * sinf(w * o.phase);
        wish_right = d.sway_width * w * cosf(w * o.phase) + clamp(middle - right, -1, 1);
    } else if (camera != kFollows) {
        const float room = 0.45f * c.distance.value;  // it comes to rest inside the picture
        wish_right = clamp((clamp(right, -room, room) - right) * 3.0f, -speed, speed);
    }
    o.phase += dt;
    const float grip = 1 - expf(-dt / 0.15f);
    o.vx += (wish_right * cs - wish_deep * sn - o.vx) * grip;
    o.vy += (wish_right * sn + wish_deep * cs - o.vy) * grip;
    o.x += o.vx * dt;
    o.y += o.vy * dt;
}

LTW_HD void move_on_path(ObjectState& o, const ltw_script& script, const ltw_object& object,
                         const Detail& d, int slot, const CameraState& c, float dt) {
    // A critically damped spring brings the object from where it was to its path.
    const float w = 4.0f, decay = expf(-w * dt);
    const float bx = o.ovx + w * o.ox, by = o.ovy + w * o.oy;
    o.ox = (o.ox + bx * dt) * decay, o.oy = (o.oy + by * dt) * decay;
    o.ovx = bx * decay - w * o.ox, o.ovy = by * decay - w * o.oy;
    o.phase += dt;
    const Home p = path_point(script, object, d, slot, o.phase);
    const float x = c.x.value + p.x + o.ox, y = c.y.value + p.y + o.oy;
    o.vx = (x - o.x) / dt, o.vy = (y - o.y) / dt;
    o.x = x, o.y = y;
}

LTW_HD void begin_motion(ObjectState& o, const ltw_script& script, const ltw_object& object,
                         const Detail& d, int slot, const CameraState& c) {
    o.heading = object.motion == kCollides ? 0 : c.azimuth.value;
    const float cs = cosf(o.heading), sn = sinf(o.heading), room = 0.28f * c.distance.value;
    const float x = o.x - c.x.value, y = o.y - c.y.value;
    if (object.motion == kSways) {
        o.phase = 0;
        o.anchor = clamp(x * cs + y * sn, -room, room);
    } else if (on_path(object.motion)) {
        // A circle is entered where it is nearest; a collision begins with the two apart.
        o.phase = 0.5f * d.collide_period;
        const Home a = path_point(script, object, d, slot, o.phase);
        const Home b = path_point(script, object, d, slot, o.phase + 0.01f);
        o.ox = x - a.x, o.oy = y - a.y;
        o.ovx = o.vx - (b.x - a.x) * 100, o.ovy = o.vy - (b.y - a.y) * 100;
    }
}

}  // namespace longtake::toyworld
