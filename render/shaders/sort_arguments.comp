#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"
#include "scan.glsl"
#include "sort.glsl"

// What is to be dispatched and drawn for as many as `rows` totals say, or there is room for.
layout(local_size_x = 256) in;
layout(push_constant) uniform Push {
    Words totals;
    SortState state;
    uint rows, room;
} push;

void main() {
    uint lane = gl_LocalInvocationID.x, sum;
    sum_before(lane < push.rows ? push.totals.at[lane] : 0, sum);
    if (lane != 0) {
        return;
    }
    uint count = min(sum, push.room);
    push.state.blocks = (count + 2047) / 2048;
    push.state.one = 1;
    push.state.one_more = 1;
    push.state.count = count;
    push.state.vertices = 3 * count;
    push.state.instances = 1;
    push.state.first_vertex = 0;
    push.state.first_instance = 0;
    push.state.wanted = max(push.state.wanted, sum);
}
