#pragma once

#include "tools/toyworld/vec.h"

namespace longtake::toyworld {

inline constexpr float kSkyDepth = 1000.0f;
inline constexpr int kMaxObjects = 4;

// What one ray needs to know about an object. `a` is half its height, 0 when it is absent.
struct Body {
    Vec3 position;
    Mat3 rotation;
    Vec3 colour, shade;  // the two tones of its pattern, linear light
    float a = 0;
    float bound = 0;  // radius of a sphere around it
    int shape = 0;
};

struct View {
    Vec3 position;
    Vec3 right{1, 0, 0}, down{0, 0, -1}, forward{0, 1, 0};
};

// Linear light throughout.
struct Light {
    Vec3 sun_direction, sun_colour, zenith, horizon, ambient;
    Vec3 disc_direction, disc_colour;
    float disc_size = 0, glow = 0;
};

struct Floor {
    Vec3 light, dark, joint;
    float joint_width = 0, tile = 1;
};

// One moment of the world, complete: what a pixel is computed from.
struct Frame {
    View view;
    Light light;
    Floor floor;
    Body bodies[kMaxObjects];
    int body_count = 0;
};

inline constexpr float kTanHalfHeight = 0.364f;  // vertical field of view 40 degrees

}  // namespace longtake::toyworld
