#version 450

layout(location = 0) flat in vec3 colour;
layout(location = 0) out vec4 premultiplied;

void main() {
    premultiplied = vec4(colour, 1.0);
}
