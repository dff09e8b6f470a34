#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"
#include "sort.glsl"

// A triangle around a splat's ellipse; farthest first. Two of them would have a pixel or two less to
// fill, but those along the diagonal twice. They are not drawn as instances: lavapipe begins anew
// with each.
layout(push_constant) uniform Push {
    View view;
    Splats splats;
    Words order;  // nearest first
    SortState state;
} push;
layout(location = 0) out vec2 p;
layout(location = 1) flat out vec4 colour;  // and opacity
layout(location = 2) flat out float falloff;

const vec2 kCorners[3] = vec2[](vec2(0.0, 2.0), vec2(-1.7320508, -1.0), vec2(1.7320508, -1.0));

void main() {
    Splat s = push.splats.at[push.order.at[push.state.count - 1 - gl_VertexIndex / 3]];
    p = kCorners[gl_VertexIndex % 3];
    colour = colour_of(s);
    falloff = falloff_of(colour.a);
    float dy = p.y * s.reach.y;
    vec2 pixel = s.place.xy + vec2(s.place.z * dy + p.x * s.reach.x, dy);
    gl_Position = vec4(2.0 * pixel / push.view.size - 1.0, push.view.eye.w / s.place.w, 1.0);
}
