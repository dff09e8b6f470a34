#pragma once

#include <string.h>

#include "tools/toyworld/script.h"
#include "tools/toyworld/vec.h"

// Where the objects of a script have their places on the stage. It follows from the script alone,
// so that a caption can say who stands left of or in front of whom.
namespace longtake::toyworld {

inline constexpr float kCircleRadius = 1.65f;

struct Home {
    float x = 0, y = 0;  // y is the lane: smaller is nearer to the first camera
};

LTW_HD float size_of(const ltw_object& o) { return o.size > 0 ? o.size : 1.1f; }

LTW_HD int most_objects(const ltw_script& script) {
    int n = 0;
    for (int k = 0; k < script.segment_count; ++k) {
        n = script.segments[k].object_count > n ? script.segments[k].object_count : n;
    }
    return n;
}

LTW_HD bool ever(const ltw_script& script, int motion) {
    bool found = false;
    for (int k = 0; k < script.segment_count; ++k) {
        found = found || count_motion(script.segments[k], motion) > 0;
    }
    return found;
}

LTW_HD bool slot_ever(const ltw_script& script, int slot, int motion) {
    bool found = false;
    for (int k = 0; k < script.segment_count; ++k) {
        const ltw_segment& s = script.segments[k];
        found = found || (slot < s.object_count && s.objects[slot].motion == motion);
    }
    return found;
}

// The places of the circling objects on their circle, as a phase in radians.
LTW_HD float circle_phase(const ltw_script& script, int slot) {
    int circling = 0, rank = 0;
    for (int i = 0; i < LTW_MAX_OBJECTS; ++i) {
        if (slot_ever(script, i, kCircles)) {
            rank += i < slot;
            ++circling;
        }
    }
    return 2 * kPi * static_cast<float>(rank) / static_cast<float>(circling > 0 ? circling : 1);
}

LTW_HD Home home_of(const ltw_script& script, int slot) {
    const ltw_segment& s = script.segments[0];
    uint32_t bits = 0;
    memcpy(&bits, &s.objects[0].size, sizeof bits);
    Random random(bits, static_cast<uint64_t>(s.objects[0].shape * 64 + s.objects[0].colour));
    const int n = most_objects(script);
    if (n == 1) {
        return {random.uniform(-0.45f, 0.45f), random.uniform(-0.2f, 0.3f)};
    }
    const int left = random.below(2), front = random.below(2), turn = random.below(3);
    if (ever(script, kCircles)) {
        if (!slot_ever(script, slot, kCircles)) {
            return {0, 0};
        }
        const float phase = circle_phase(script, slot);
        return {kCircleRadius * cosf(phase), kCircleRadius * sinf(phase)};
    }
    if (ever(script, kCollides)) {
        return slot < 2 ? Home{slot == left ? -1.25f : 1.25f, 0}
                        : Home{slot == 2 ? 0.0f : 1.7f, slot == 2 ? 1.6f : -1.6f};
    }
    if (n == 2) {
        return {slot == left ? -1.1f : 1.1f, slot == front ? -0.75f : 0.75f};
    }
    // Three (a fourth stands behind): a shuffled row, in shuffled lanes.
    const int column = left ? (slot + turn) % 3 : (3 - slot + turn) % 3;
    const int lane = front ? (slot + 2 * turn + left) % 3 : (3 - slot + turn + left) % 3;
    if (slot == 3) {
        return {0.8f, 2.9f};
    }
    return {1.6f * static_cast<float>(column - 1), 1.25f * static_cast<float>(lane - 1)};
}

}  // namespace longtake::toyworld
