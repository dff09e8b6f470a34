#pragma once

#include "tools/toyworld/frame.h"
#include "tools/toyworld/script.h"

// The colours of the world. Written as display values, kept as linear light (gamma 2).
namespace longtake::toyworld {

LTW_HD Vec3 linear(float r, float g, float b) { return {r * r, g * g, b * b}; }

LTW_HD Vec3 colour_of(int colour) {
    switch (colour) {
        case kRed: return linear(0.94f, 0.10f, 0.12f);
        case kOrange: return linear(1.00f, 0.52f, 0.05f);
        case kYellow: return linear(1.00f, 0.88f, 0.10f);
        case kGreen: return linear(0.06f, 0.74f, 0.30f);
        case kBlue: return linear(0.10f, 0.32f, 0.96f);
        case kPurple: return linear(0.66f, 0.16f, 0.86f);
        case kWhite: return linear(0.97f, 0.97f, 0.97f);
        default: return linear(0.07f, 0.07f, 0.08f);
    }
}

LTW_HD Vec3 shade_of(int colour) {
    switch (colour) {
        case kWhite: return linear(0.72f, 0.74f, 0.78f);
        case kBlack: return linear(0.29f, 0.29f, 0.31f);
        default: return colour_of(colour) * 0.42f;
    }
}

LTW_HD Floor floor_of(int ground) {
    switch (ground) {
        case kGrass:
            return {linear(0.50f, 0.80f, 0.26f), linear(0.38f, 0.68f, 0.20f), {}, 0, 1.4f};
        case kSand:
            return {linear(0.96f, 0.82f, 0.55f), linear(0.88f, 0.71f, 0.43f), {}, 0, 1.4f};
        case kSnow:
            return {linear(0.96f, 0.98f, 1.00f), linear(0.84f, 0.90f, 0.97f), {}, 0, 1.4f};
        case kStone:
            return {linear(0.60f, 0.55f, 0.51f), linear(0.49f, 0.44f, 0.41f),
                    linear(0.30f, 0.27f, 0.25f), 0.07f, 1.1f};
        default:
            return {linear(0.80f, 0.70f, 0.95f), linear(0.58f, 0.46f, 0.80f),
                    linear(0.93f, 0.88f, 1.0f), 0.05f, 1.2f};
    }
}

LTW_HD Vec3 direction(float azimuth, float elevation) {
    return {cosf(elevation) * sinf(azimuth), cosf(elevation) * cosf(azimuth), sinf(elevation)};
}

LTW_HD Light light_of(int sky) {
    Light l;
    switch (sky) {
        case kDay:
            l.sun_direction = direction(-2.3f, 0.85f);
            l.sun_colour = {0.84f, 0.81f, 0.74f};
            l.zenith = linear(0.20f, 0.50f, 0.95f);
            l.horizon = linear(0.76f, 0.90f, 1.00f);
            l.ambient = {0.34f, 0.37f, 0.42f};
            break;
        case kSunset:
            l.sun_direction = direction(1.75f, 0.50f);
            l.sun_colour = {1.00f, 0.70f, 0.46f};
            l.zenith = linear(0.36f, 0.26f, 0.55f);
            l.horizon = linear(1.00f, 0.58f, 0.26f);
            l.ambient = {0.38f, 0.31f, 0.33f};
            l.disc_direction = direction(0.36f, 0.055f);
            l.disc_colour = linear(1.0f, 0.90f, 0.55f);
            l.disc_size = 0.055f;
            l.glow = 0.8f;
            break;
        case kNight:
            l.sun_direction = direction(-1.9f, 0.80f);
            l.sun_colour = {0.53f, 0.55f, 0.66f};
            l.zenith = linear(0.03f, 0.04f, 0.16f);
            l.horizon = linear(0.12f, 0.16f, 0.40f);
            l.ambient = {0.26f, 0.27f, 0.35f};
            l.disc_direction = direction(-0.30f, 0.075f);
            l.disc_colour = linear(0.95f, 0.96f, 0.88f);
            l.disc_size = 0.042f;
            l.glow = 0.22f;
            break;
        default:
            l.sun_direction = direction(-2.3f, 1.15f);
            l.sun_colour = {0.22f, 0.22f, 0.22f};
            l.zenith = linear(0.58f, 0.62f, 0.67f);
            l.horizon = linear(0.80f, 0.82f, 0.84f);
            l.ambient = {0.58f, 0.59f, 0.62f};
    }
    return l;
}

LTW_HD Light mix(const Light& a, const Light& b, float t) {
    Light l;
    l.sun_direction = normalize(mix(a.sun_direction, b.sun_direction, t));
    l.sun_colour = mix(a.sun_colour, b.sun_colour, t);
    l.zenith = mix(a.zenith, b.zenith, t);
    l.horizon = mix(a.horizon, b.horizon, t);
    l.ambient = mix(a.ambient, b.ambient, t);
    // Of two discs, one sets and then the other rises.
    const Light& shown = a.disc_size <= 0 ? b : (b.disc_size <= 0 || t < 0.5f ? a : b);
    const float presence = a.disc_size <= 0   ? t
                           : b.disc_size <= 0 ? 1 - t
                                              : fabsf(1 - 2 * t);
    l.disc_direction = shown.disc_direction;
    l.disc_colour = shown.disc_colour;
    l.disc_size = shown.disc_size;
    l.glow = shown.glow * presence;
    l.disc_direction.z -= 0.25f * (1 - presence);
    l.disc_direction = normalize(l.disc_direction + Vec3{0, 1e-6f, 0});
    return l;
}

LTW_HD Floor mix(const Floor& a, const Floor& b, float t) {
    // Tiles differ in size: the pattern flips half-way, when `mix` has made it faint.
    const float faint = 1 - (a.tile == b.tile ? 0.0f : 1 - fabsf(1 - 2 * t));
    const Floor& grid = t < 0.5f ? a : b;
    Floor f{mix(a.light, b.light, t), mix(a.dark, b.dark, t), {}, grid.joint_width * faint,
            grid.tile};
    const Vec3 mean = (f.light + f.dark) * 0.5f;
    f.light = mix(mean, f.light, faint);
    f.dark = mix(mean, f.dark, faint);
    f.joint = grid.joint;
    return f;
}

}  // namespace longtake::toyworld
