#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"

struct Line {
    vec3 from;
    float width;  // pixels
    vec3 to;
    uint colour;  // 8 bits each, red lowest
};
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Lines { Line at[]; };
layout(push_constant) uniform Push {
    View view;
    Lines lines;
} push;
layout(location = 0) flat out vec3 colour;

vec3 to_camera(vec3 point) {
    return vec3(dot(push.view.rows[0], vec4(point, 1.0)), dot(push.view.rows[1], vec4(point, 1.0)),
                dot(push.view.rows[2], vec4(point, 1.0)));
}

vec2 to_pixel(vec3 point) {
    return push.view.lens.xy * point.xy / point.z + push.view.lens.zw;
}

// Two triangles as wide as the line is.
void main() {
    Line line = push.lines.at[gl_VertexIndex / 6];
    uint corner = gl_VertexIndex % 6;
    uint which = corner < 3 ? corner : 6 - corner;  // 0 1 2, 3 2 1
    colour = unpackUnorm4x8(line.colour).rgb;
    float near = push.view.eye.w;
    vec3 a = to_camera(line.from), b = to_camera(line.to);
    if (max(a.z, b.z) <= near) {
        gl_Position = vec4(0.0, 0.0, 2.0, 1.0);
        return;
    }
    if (a.z < near) {
        a = mix(a, b, (near - a.z) / (b.z - a.z));
    } else if (b.z < near) {
        b = mix(b, a, (near - b.z) / (a.z - b.z));
    }
    vec2 from = to_pixel(a), to = to_pixel(b);
    vec2 along = to - from;
    along = dot(along, along) > 1e-6 ? normalize(along) : vec2(1.0, 0.0);
    vec2 side = 0.5 * line.width * vec2(-along.y, along.x) * ((which & 1) == 0 ? 1.0 : -1.0);
    bool at_end = which >= 2;
    vec2 pixel = (at_end ? to : from) + side;
    float depth = min(near / (at_end ? b.z : a.z), 1.0);
    gl_Position = vec4(2.0 * pixel / push.view.size - 1.0, depth, 1.0);
}
