#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"

// A picture of splats that the host painted, with depth: over lines behind it.
layout(push_constant) uniform Push {
    View view;
    Floats colour, alpha, depth;  // [3, H, W], [H, W], [H, W]; all premultiplied
} push;
layout(location = 0) out vec4 premultiplied;

void main() {
    uvec2 pixel = uvec2(gl_FragCoord.xy), size = uvec2(push.view.size);
    uint i = pixel.y * size.x + pixel.x, plane = size.x * size.y;
    float alpha = push.alpha.at[i];
    premultiplied = vec4(push.colour.at[i], push.colour.at[i + plane],
                         push.colour.at[i + 2 * plane], alpha);
    float depth = push.depth.at[i];
    gl_FragDepth = depth > 0.0 ? min(push.view.eye.w * alpha / depth, 1.0) : 0.0;
}
