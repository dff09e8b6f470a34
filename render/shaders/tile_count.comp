#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"
#include "scan.glsl"
#include "sort.glsl"
#include "tiles.glsl"

// How many tiles each splat meets, nearest first, and those of a block together.
layout(local_size_x = 256) in;
layout(push_constant) uniform Push {
    Splats splats;
    Words order, counts, sums;
    SortState state;
    uint columns, rows;
} push;

void main() {
    uint first = gl_WorkGroupID.x * kBlock + gl_LocalInvocationID.x * kEach, sum = 0;
    for (uint k = 0; k < kEach && first + k < push.state.count; ++k) {
        Splat s = push.splats.at[push.order.at[first + k]];
        uvec2 rows = tile_rows(s, push.rows);
        uint count = 0;
        for (uint row = rows.x; row < rows.y; ++row) {
            uvec2 columns = tile_columns(s, row, push.columns);
            count += columns.y > columns.x ? columns.y - columns.x : 0;
        }
        push.counts.at[first + k] = count;
        sum += count;
    }
    uint total;
    sum_before(sum, total);
    if (gl_LocalInvocationID.x == 0) {
        push.sums.at[gl_WorkGroupID.x] = total;
    }
}
