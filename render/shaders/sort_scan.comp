#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"
#include "scan.glsl"
#include "sort.glsl"

// Replaces each row of a table by the sums before each entry; a group takes a row.
layout(local_size_x = 256) in;
layout(push_constant) uniform Push {
    Words table, totals;
    SortState state;
    uint count;  // kLeftOut: that of the state
    uint stride;
} push;

void main() {
    uint count = push.count != kLeftOut ? push.count : push.state.count;
    uint blocks = (count + kBlock - 1) / kBlock;
    uint each = (blocks + kGroup - 1) / kGroup;
    uint begin = min(gl_LocalInvocationID.x * each, blocks), end = min(begin + each, blocks);
    uint row = gl_WorkGroupID.x * push.stride;
    uint sum = 0;
    for (uint i = begin; i < end; ++i) {
        sum += push.table.at[row + i];
    }
    uint total;
    uint before = sum_before(sum, total);
    for (uint i = begin; i < end; ++i) {
        uint here = push.table.at[row + i];
        push.table.at[row + i] = before;
        before += here;
    }
    if (gl_LocalInvocationID.x == 0) {
        push.totals.at[gl_WorkGroupID.x] = total;
    }
}
