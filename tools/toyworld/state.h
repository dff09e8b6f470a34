#pragma once

#include "tools/toyworld/layout.h"
#include "tools/toyworld/palette.h"

// What the simulation carries from frame to frame, and its first values.
namespace longtake::toyworld {

// A quantity that travels to a limit, gently at both ends.
struct Eased {
    float value = 0, rate = 0;

    LTW_HD void approach(float target, float top_rate, float dt, float gain = 1.3f) {
        const float wish = clamp((target - value) * gain, -top_rate, top_rate);
        rate += (wish - rate) * (1 - expf(-dt / 0.2f));
        value += rate * dt;
    }
    LTW_HD void cruise(float wish, float dt) {
        rate += (wish - rate) * (1 - expf(-dt / 0.2f));
        value += rate * dt;
    }
};

struct CameraState {
    Eased azimuth, pan, distance, x, y;  // x, y: the centre of the stage, which it looks at
    float elevation = 0.2f;
};

struct ObjectState {
    float x = 0, y = 0, vx = 0, vy = 0;
    float heading = 0;                // azimuth of the camera when its motion began
    float ox = 0, oy = 0;             // path motions: distance from the path, dying away,
    float ovx = 0, ovy = 0;           // and its rate
    float phase = 0;                  // seconds into a path motion or a sway
    float anchor = 0;                 // the middle of a sway, right of the centre of the stage
    float hop = 0, hop_rate = 0;      // height of a bounce
    Eased hover, spin;
    Mat3 rotation;
    float facing = 0;                 // the yaw at which it rests
};

// The incidentals of a seed that no caption mentions.
struct Detail {
    float near_distance, mid_distance, far_distance, elevation, orbit_rate, pan_limit;
    float roll_speed[kMaxObjects], bounce_rate[kMaxObjects], spin_rate[kMaxObjects];
    float circle_rate, circle_start, collide_period, collide_gap, sway_width, sway_period;
    float start;  // how far a limited motion has got when the clip begins, 0..1
    int followed[2];
};

struct World {
    CameraState camera;
    ObjectState objects[kMaxObjects];
};

LTW_HD Detail detail_of(const ltw_script& script, uint64_t seed) {
    Random random(seed, 2);
    Detail d{};
    const int n = most_objects(script);
    const bool wide = ever(script, kCircles) || ever(script, kCollides);
    d.mid_distance = (n == 1 ? 4.4f : n == 2 ? 5.0f : 5.7f) * random.uniform(0.93f, 1.12f);
    d.mid_distance = fmaxf(d.mid_distance, wide ? 5.3f : 0.0f);
    d.near_distance = d.mid_distance * (n == 1 ? 0.68f : wide ? 0.9f : 0.8f);
    d.far_distance = d.mid_distance * (n == 1 ? 1.6f : 1.4f);
    d.elevation = random.uniform(0.16f, 0.30f);
    d.orbit_rate = random.uniform(0.38f, 0.52f);
    d.pan_limit = random.uniform(0.24f, 0.32f) * (n == 1 ? 1.0f : n == 2 ? 0.72f : 0.52f);
    const float span = 2 * kTanHalfHeight * 1.78f * d.mid_distance;
    for (int i = 0; i < kMaxObjects; ++i) {
        d.roll_speed[i] = span / random.uniform(3.0f, 4.2f);
        d.bounce_rate[i] = random.uniform(3.0f, 3.7f);
        d.spin_rate[i] = random.uniform(2.4f, 3.4f) * (random.chance(0.5f) ? 1.0f : -1.0f);
    }
    d.circle_rate = random.uniform(1.2f, 1.7f) * (random.chance(0.5f) ? 1.0f : -1.0f);
    d.circle_start = random.uniform(0, 2 * kPi);
    d.collide_period = random.uniform(2.0f, 2.6f);
    d.collide_gap = random.uniform(1.7f, 2.3f);
    d.sway_width = random.uniform(0.8f, 1.05f);
    d.sway_period = random.uniform(2.3f, 3.0f);
    d.start = random.uniform() * (random.chance(0.85f) ? 0.35f : 1.0f);
    for (int k = 0; k < script.segment_count; ++k) {
        const ltw_segment& s = script.segments[k];
        for (int i = s.object_count - 1; i >= 0; --i) {
            d.followed[k] = is_roll(s.objects[i].motion) ? i : d.followed[k];
        }
    }
    return d;
}

LTW_HD CameraState first_camera(const Detail& d, int camera) {
    CameraState c;
    c.elevation = d.elevation;
    c.distance.value = camera == kDolliesIn    ? mix(d.far_distance, d.near_distance, d.start)
                       : camera == kDolliesOut ? mix(d.near_distance, d.far_distance, d.start)
                                               : d.mid_distance;
    c.pan.value = camera == kPansLeft    ? mix(d.pan_limit, -d.pan_limit, d.start)
                  : camera == kPansRight ? mix(-d.pan_limit, d.pan_limit, d.start)
                                         : 0;
    return c;
}

// Circling and colliding run along a path; everything else follows a wished-for velocity.
LTW_HD bool on_path(int motion) { return motion == kCircles || motion == kCollides; }

// The point of the path at the state's phase, relative to the centre of the stage.
LTW_HD Home path_point(const ltw_script& script, const ltw_object& object, const Detail& d,
                       int slot, float t) {
    if (object.motion == kCircles) {
        const float sign = d.circle_rate > 0 ? 1.0f : -1.0f;
        const float angle = d.circle_start + sign * circle_phase(script, slot) + d.circle_rate * t;
        return {kCircleRadius * cosf(angle), kCircleRadius * sinf(angle)};
    }
    const Home home = home_of(script, slot);
    const float u = t / d.collide_period - floorf(t / d.collide_period);
    const float gap = d.collide_gap * 4 * u * (1 - u);
    const float reach = 0.5f * size_of(object) * half_width(object.shape) + 0.5f * gap;
    return {home.x <= 0 ? -reach : reach, home.y};
}

}  // namespace longtake::toyworld
