#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"
#include "scan.glsl"
#include "sort.glsl"
#include "tiles.glsl"

// Writes down every meeting of a splat and a tile, nearest splats first, as far as there is room.
layout(local_size_x = 256) in;
layout(push_constant) uniform Push {
    Splats splats;
    Words order, counts, sums;
    SortState state;
    Words tiles, met;  // of each meeting: its tile, the splat
    uint columns, rows, room;
} push;

void main() {
    uint first = gl_WorkGroupID.x * kBlock + gl_LocalInvocationID.x * kEach, sum = 0;
    uint count = push.state.count;
    for (uint k = 0; k < kEach && first + k < count; ++k) {
        sum += push.counts.at[first + k];
    }
    uint total;
    uint at = push.sums.at[gl_WorkGroupID.x] + sum_before(sum, total);
    for (uint k = 0; k < kEach && first + k < count; ++k) {
        uint end = min(at + push.counts.at[first + k], push.room), i = push.order.at[first + k];
        Splat s = push.splats.at[i];
        uvec2 rows = tile_rows(s, push.rows);
        for (uint row = rows.x; row < rows.y && at < end; ++row) {
            uvec2 columns = tile_columns(s, row, push.columns);
            for (uint column = columns.x; column < columns.y && at < end; ++column) {
                push.tiles.at[at] = row * push.columns + column;
                push.met.at[at] = i;
                ++at;
            }
        }
        for (; at < end; ++at) {  // counted otherwise, by rounding
            push.tiles.at[at] = push.rows * push.columns;
            push.met.at[at] = i;
        }
    }
}
