#version 450

// A premultiplied picture laid over what is there, pixel by pixel.
layout(push_constant) uniform Push {
    vec2 origin;  // of the picture on the target
} push;
layout(binding = 0) uniform sampler2D picture;
layout(location = 0) out vec4 premultiplied;

void main() {
    premultiplied = texelFetch(picture, ivec2(gl_FragCoord.xy - push.origin), 0);
}
