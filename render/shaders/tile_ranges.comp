#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"
#include "sort.glsl"

// Where the meetings of each tile begin and end, of those that are sorted by tile.
layout(local_size_x = 256) in;
layout(push_constant) uniform Push {
    Words tiles, ranges;  // ranges [tiles, 2], 0 before
    SortState state;
} push;

void main() {
    uint count = push.state.count;
    for (uint k = 0; k < 8; ++k) {
        uint i = gl_WorkGroupID.x * 2048 + k * 256 + gl_LocalInvocationID.x;
        if (i < count) {
            uint tile = push.tiles.at[i];
            if (i == 0 || push.tiles.at[i - 1] != tile) {
                push.ranges.at[2 * tile] = i;
            }
            if (i + 1 == count || push.tiles.at[i + 1] != tile) {
                push.ranges.at[2 * tile + 1] = i + 1;
            }
        }
    }
}
