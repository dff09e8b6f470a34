#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"

// A picture of splats that the host painted.
layout(push_constant) uniform Push {
    View view;
    Floats colour, alpha;  // [3, H, W], premultiplied, [H, W]
} push;
layout(location = 0) out vec4 premultiplied;

void main() {
    uvec2 pixel = uvec2(gl_FragCoord.xy), size = uvec2(push.view.size);
    uint i = pixel.y * size.x + pixel.x, plane = size.x * size.y;
    premultiplied = vec4(push.colour.at[i], push.colour.at[i + plane],
                         push.colour.at[i + 2 * plane], push.alpha.at[i]);
}
