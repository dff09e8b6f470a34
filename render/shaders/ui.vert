#version 450

layout(push_constant) uniform Push {
    vec2 scale, offset;  // from pixels to clip space
} push;
layout(location = 0) in vec2 position;
layout(location = 1) in vec2 place;  // in the font's texture
layout(location = 2) in vec4 tint;
layout(location = 0) out vec2 out_place;
layout(location = 1) out vec4 out_tint;

void main() {
    out_place = place;
    out_tint = tint;
    gl_Position = vec4(position * push.scale + push.offset, 0.0, 1.0);
}
