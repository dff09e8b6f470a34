#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"

layout(location = 0) in vec2 p;
layout(location = 1) flat in vec4 colour;
layout(location = 2) flat in float falloff;
layout(location = 0) out vec4 premultiplied;

void main() {
    float alpha = alpha_at(colour.a, falloff, p);
    premultiplied = vec4(colour.rgb * alpha, alpha);
}
