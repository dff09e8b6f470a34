#pragma once

#include "tools/toyworld/script.h"

// Draws the script of a seed: a first state and, half the time, one switch to a second.
namespace longtake::toyworld {

// Whether the motions can share the stage without running through one another, and whether each
// verb can be told from the others under this camera.
LTW_HD bool is_playable(const ltw_segment& s) {
    int rolls = 0, depths = 0, in_place = 0;
    for (int i = 0; i < s.object_count; ++i) {
        const int m = s.objects[i].motion;
        rolls += is_roll(m);
        depths += is_depth(m);
        in_place += stays_in_place(m);
    }
    const int circles = count_motion(s, kCircles), sways = count_motion(s, kSways);
    const int collides = count_motion(s, kCollides), n = s.object_count;
    bool ok = depths <= 1 && !(depths && (rolls || sways || circles || collides));
    ok = ok && !(depths && is_dolly(s.camera));
    ok = ok && !(is_orbit(s.camera) && (rolls || sways || depths));
    ok = ok && (collides == 0 || (collides == 2 && s.objects[0].motion == kCollides &&
                                  s.objects[1].motion == kCollides && in_place == n - 2));
    ok = ok && (circles == 0 || (in_place == n - circles && in_place <= 1));
    if (s.camera == kFollows) {
        ok = ok && rolls > 0 && !sways && !circles && !collides &&
             (count_motion(s, kRollsLeft) == 0 || count_motion(s, kRollsRight) == 0);
    }
    return ok;
}

// Whether b can follow a: objects that must share a lane or a circle are not rolled through.
LTW_HD bool can_follow(const ltw_segment& a, const ltw_segment& b) {
    const int n = a.object_count < b.object_count ? a.object_count : b.object_count;
    const int widest = a.object_count > b.object_count ? a.object_count : b.object_count;
    for (int motion = kCircles; motion <= kCollides; motion += kCollides - kCircles) {
        if (widest > 1 && (count_motion(a, motion) > 0) != (count_motion(b, motion) > 0)) {
            for (int i = 0; i < n; ++i) {
                const int ma = a.objects[i].motion, mb = b.objects[i].motion;
                if (!((ma == motion || stays_in_place(ma)) &&
                      (mb == motion || stays_in_place(mb)))) {
                    return false;
                }
            }
        }
    }
    for (int i = 0; i < n; ++i) {
        const int ma = a.objects[i].motion, mb = b.objects[i].motion;
        if (widest > 1 && is_orbit(a.camera) && !stays_in_place(mb) && mb != ma) {
            return false;
        }
        if (ma != mb && is_depth(ma) && (is_roll(mb) || mb == kSways)) {
            return false;
        }
    }
    return true;
}

LTW_HD int sample_count(Random& random) {
    const float u = random.uniform();
    return u < 0.5f ? 1 : (u < 0.85f ? 2 : 3);
}

LTW_HD int sample_motion(Random& random) {
    const float u = random.uniform() * 100;
    return u < 10   ? kRests
           : u < 25 ? kRollsLeft
           : u < 40 ? kRollsRight
           : u < 53 ? kBounces
           : u < 63 ? kSpins
           : u < 73 ? kCircles
           : u < 80 ? kComesCloser
           : u < 87 ? kMovesAway
           : u < 94 ? kSways
                    : kFloats;
}

LTW_HD int sample_camera(Random& random) {
    const float u = random.uniform() * 100;
    return u < 22   ? kStatic
           : u < 70 ? kPansLeft + static_cast<int>((u - 22) / 12)
           : u < 88 ? kOrbitsLeft + static_cast<int>((u - 70) / 9)
                    : kFollows;
}

// A colour that stands out from the ground and (usually) from the other objects.
LTW_HD int sample_colour(Random& random, const ltw_segment& s, int slot) {
    int colour = 0;
    for (int attempt = 0; attempt < 8; ++attempt) {
        colour = random.below(kColourCount);
        bool clash = (colour == kWhite && s.ground == kSnow) ||
                     (colour == kGreen && s.ground == kGrass) ||
                     (colour == kBlack && s.sky == kNight) ||
                     (colour == kYellow && s.ground == kSand);
        clash = clash && random.chance(0.6f);
        for (int i = 0; i < s.object_count; ++i) {
            clash = clash || (i != slot && s.objects[i].colour == colour && random.chance(0.9f));
        }
        if (!clash) {
            break;
        }
    }
    return colour;
}

LTW_HD ltw_object sample_object(Random& random, const ltw_segment& s, int slot, int count) {
    ltw_object o{};
    o.shape = random.chance(0.1f) ? kBall : random.below(kShapeCount);
    o.colour = sample_colour(random, s, slot);
    o.motion = sample_motion(random);
    o.size = count == 1   ? random.uniform(1.0f, 1.5f)
             : count == 2 ? random.uniform(0.85f, 1.3f)
                          : random.uniform(0.88f, 1.15f);
    return o;
}

LTW_HD ltw_segment sample_segment(Random& random) {
    ltw_segment s{};
    const float sky = random.uniform();
    s.sky = sky < 0.4f ? kDay : (sky < 0.6f ? kSunset : (sky < 0.8f ? kNight : kOvercast));
    s.ground = random.below(kGroundCount);
    const int count = sample_count(random);
    for (int i = 0; i < count; ++i) {
        s.objects[i] = sample_object(random, s, i, count);
        s.object_count = i + 1;
    }
    if (count > 1 && random.chance(0.08f)) {  // twins
        s.objects[1].shape = s.objects[0].shape;
        s.objects[1].colour = s.objects[0].colour;
        s.objects[1].size = s.objects[0].size;
    }
    const float theme = count > 1 ? random.uniform() : 1.0f;
    for (int attempt = 0; attempt < 64; ++attempt) {
        s.camera = sample_camera(random);
        for (int i = 0; i < count; ++i) {
            s.objects[i].motion = sample_motion(random);
            if (theme < 0.12f && i < 2) {
                s.objects[i].motion = kCollides;
            } else if (theme > 0.12f && theme < 0.25f && i < 2) {
                s.objects[i].motion = i == 0 ? kCircles : s.objects[i].motion;
            } else if (theme > 0.25f && theme < 0.33f) {
                s.objects[i].motion = s.objects[0].motion;
            }
        }
        if (is_playable(s)) {
            return s;
        }
    }
    s.camera = kStatic;
    for (int i = 0; i < count; ++i) {
        s.objects[i].motion = i % 2 ? kBounces : kSpins;
    }
    return s;
}

// One change of the state; it may leave the segment as it was.
LTW_HD void mutate(Random& random, ltw_segment& s) {
    const float u = random.uniform() * 100;
    const int slot = random.below(s.object_count > 0 ? s.object_count : 1);
    ltw_object& o = s.objects[slot];
    if (u < 28) {
        s.camera = sample_camera(random);
    } else if (u < 56) {
        o.motion = sample_motion(random);
        if (s.object_count > 1 && random.chance(0.15f)) {
            s.objects[0].motion = s.objects[1].motion = kCollides;
        }
    } else if (u < 66) {
        s.sky = random.below(kSkyCount);
    } else if (u < 74) {
        s.ground = random.below(kGroundCount);
    } else if (u < 83) {
        o.colour = sample_colour(random, s, slot);
    } else if (u < 90 && s.object_count < 3) {
        ltw_object fresh = sample_object(random, s, s.object_count, s.object_count + 1);
        if (random.chance(0.5f)) {
            fresh.motion = kAppears;
        }
        s.objects[s.object_count++] = fresh;
    } else if (u < 95 && s.object_count > 1) {
        if (random.chance(0.5f)) {
            s.objects[s.object_count - 1].motion = kLeaves;
        } else {
            s.objects[--s.object_count] = ltw_object{};
        }
    } else {
        o.shape = random.below(kShapeCount);
    }
    if (s.camera == kFollows && !count_motion(s, kRollsLeft) && !count_motion(s, kRollsRight)) {
        s.camera = kStatic;
    }
}

LTW_HD bool same(const ltw_segment& a, const ltw_segment& b) {
    bool equal = a.sky == b.sky && a.ground == b.ground && a.camera == b.camera &&
                 a.object_count == b.object_count;
    for (int i = 0; equal && i < a.object_count; ++i) {
        equal = a.objects[i].shape == b.objects[i].shape &&
                a.objects[i].colour == b.objects[i].colour &&
                a.objects[i].motion == b.objects[i].motion;
    }
    return equal;
}

LTW_HD ltw_script sample_script(uint64_t seed, int frames) {
    Random random(seed, 1);
    ltw_script script{};
    script.segment_count = 1;
    script.segments[0] = sample_segment(random);
    const int slots = (frames - 1) / 12 < 6 ? (frames - 1) / 12 : 6;
    const bool wants_switch = random.chance(0.5f);
    if (!wants_switch || slots < 1) {
        return script;
    }
    script.switch_frame = 12 * (1 + random.below(slots));
    for (int attempt = 0; attempt < 32; ++attempt) {
        ltw_segment next = script.segments[0];
        const int changes = random.chance(0.6f) ? 1 : 2;
        for (int i = 0; i < changes; ++i) {
            mutate(random, next);
        }
        if (!same(next, script.segments[0]) && is_playable(next) &&
            can_follow(script.segments[0], next)) {
            script.segments[1] = next;
            script.segment_count = 2;
            return script;
        }
    }
    script.switch_frame = 0;
    return script;
}

}  // namespace longtake::toyworld
