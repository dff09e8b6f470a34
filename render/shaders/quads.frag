#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"

layout(location = 0) in vec2 p;
layout(location = 1) flat in vec4 shape;
layout(location = 2) flat in vec3 colour;
layout(location = 0) out vec4 premultiplied;

void main() {
    float alpha = alpha_at(shape, p);
    if (alpha == 0.0) {
        discard;
    }
    premultiplied = vec4(colour * alpha, alpha);
}
