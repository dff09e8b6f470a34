#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"
#include "sort.glsl"

// The parallelogram around a splat's ellipse; farthest first.
layout(push_constant) uniform Push {
    View view;
    Splats splats;
    Words order;  // nearest first
    SortState state;
} push;
layout(location = 0) out vec2 p;
layout(location = 1) flat out vec4 shape;
layout(location = 2) flat out vec3 colour;

void main() {
    Splat s = push.splats.at[push.order.at[push.state.count - 1 - gl_InstanceIndex]];
    p = vec2((gl_VertexIndex & 1) * 2 - 1, (gl_VertexIndex & 2) - 1);
    shape = s.shape;
    colour = s.colour.rgb;
    float dy = p.y * s.shape.y;
    vec2 pixel = s.place.xy + vec2(s.place.z * dy + p.x * s.shape.x, dy);
    gl_Position = vec4(2.0 * pixel / push.view.size - 1.0, push.view.eye.w / s.place.w, 1.0);
}
