#pragma once

#include "tools/toyworld/random.h"
#include "tools/toyworld/toyworld.h"

namespace longtake::toyworld {

enum Shape { kBall, kCube, kCone, kCylinder, kRing, kShapeCount };
enum Colour { kRed, kOrange, kYellow, kGreen, kBlue, kPurple, kWhite, kBlack, kColourCount };
enum Motion {
    kRests,
    kRollsLeft,
    kRollsRight,
    kBounces,
    kSpins,
    kCircles,
    kComesCloser,
    kMovesAway,
    kCollides,
    kSways,  // rolls or slides back and forth
    kFloats,
    kAppears,
    kLeaves,
    kMotionCount
};
enum Camera {
    kStatic,
    kPansLeft,
    kPansRight,
    kDolliesIn,
    kDolliesOut,
    kOrbitsLeft,
    kOrbitsRight,
    kFollows,
    kCameraCount
};
enum Sky { kDay, kSunset, kNight, kOvercast, kSkyCount };
enum Ground { kGrass, kSand, kSnow, kStone, kTiles, kGroundCount };

LTW_HD bool is_roll(int m) { return m == kRollsLeft || m == kRollsRight; }
LTW_HD bool is_depth(int m) { return m == kComesCloser || m == kMovesAway; }
LTW_HD bool is_orbit(int c) { return c == kOrbitsLeft || c == kOrbitsRight; }
LTW_HD bool is_dolly(int c) { return c == kDolliesIn || c == kDolliesOut; }
LTW_HD bool stays_in_place(int m) {
    return m == kRests || m == kBounces || m == kSpins || m == kFloats || m == kAppears ||
           m == kLeaves;
}

LTW_HD int count_motion(const ltw_segment& s, int motion) {
    int count = 0;
    for (int i = 0; i < s.object_count; ++i) {
        count += s.objects[i].motion == motion;
    }
    return count;
}

// Whether every field is inside its enumeration.
LTW_HD bool is_valid(const ltw_script& script) {
    const auto inside = [](int v, int n) { return v >= 0 && v < n; };
    bool ok = script.segment_count == 1 || script.segment_count == 2;
    for (int k = 0; ok && k < script.segment_count; ++k) {
        const ltw_segment& s = script.segments[k];
        ok = inside(s.sky, kSkyCount) && inside(s.ground, kGroundCount) &&
             inside(s.camera, kCameraCount) && inside(s.object_count, LTW_MAX_OBJECTS + 1);
        for (int i = 0; ok && i < s.object_count; ++i) {
            const ltw_object& o = s.objects[i];
            ok = inside(o.shape, kShapeCount) && inside(o.colour, kColourCount) &&
                 inside(o.motion, kMotionCount) && o.size >= 0 && o.size < 10;
        }
    }
    return ok;
}

}  // namespace longtake::toyworld
