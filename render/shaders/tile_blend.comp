#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"

// The pixels of a tile: splats nearest first, as far as a line, until nothing more shows.
layout(local_size_x = 256) in;
layout(push_constant) uniform Push {
    View view;
    Splats splats;
    Words met, ranges;
    Words line_colours;  // of each pixel, four halves
    Floats line_depths;  // likewise, near / depth; 0 where there is no line
    Words picture;       // of each pixel, four bytes
    uint columns;
    uint has_lines;
    float red, green, blue;  // of the background
    uint blue_first;
} push;

const uint kBatch = 256;
const float kEnough = 1e-4;  // light that no longer counts
shared vec4 places[kBatch];
shared vec3 shapes[kBatch];  // 1 / reach, falloff
shared vec4 colours[kBatch];
shared uint open;  // pixels with light left

void main() {
    uint lane = gl_LocalInvocationIndex, tile = gl_WorkGroupID.y * push.columns + gl_WorkGroupID.x;
    // Neighbours in blocks of 8 x 4: many splats reach only some of them.
    uint block = lane / 32;
    uvec2 within = uvec2(block % 2 * 8 + lane % 8, block / 2 * 4 + lane / 8 % 4);
    uvec2 pixel = 16 * gl_WorkGroupID.xy + within, size = uvec2(push.view.size);
    uint at = min(pixel.y, size.y - 1) * size.x + min(pixel.x, size.x - 1);
    vec2 centre = vec2(pixel) + 0.5;
    float end_depth = 3.4e38;
    vec3 behind = vec3(push.red, push.green, push.blue);
    if (push.has_lines != 0) {
        float depth = push.line_depths.at[at];
        if (depth > 0.0) {
            end_depth = push.view.eye.w / depth;
            behind = vec3(unpackHalf2x16(push.line_colours.at[2 * at]),
                        unpackHalf2x16(push.line_colours.at[2 * at + 1]).x);
        }
    }
    uint begin = push.ranges.at[2 * tile], end = push.ranges.at[2 * tile + 1];
    vec3 sum = vec3(0.0);
    float light = 1.0;
    bool done = any(greaterThanEqual(pixel, size));
    for (uint first = begin; first < end; first += kBatch) {
        if (first != begin) {
            barrier();
            open = 0;
            barrier();
            if (!done) {
                open = 1;
            }
            barrier();
            if (open == 0) {
                break;
            }
        }
        if (first + lane < end) {
            Splat s = push.splats.at[push.met.at[first + lane]];
            places[lane] = s.place;
            colours[lane] = colour_of(s);
            shapes[lane] = vec3(1.0 / s.reach, falloff_of(colours[lane].a));
        }
        barrier();
        uint count = min(kBatch, end - first);
        for (uint k = 0; k < count && !done; ++k) {
            vec4 place = places[k];
            vec3 shape = shapes[k];
            float dy = centre.y - place.y;
            vec2 p = vec2(centre.x - place.x - place.z * dy, dy) * shape.xy;
            if (dot(p, p) > 1.0) {
                continue;
            }
            vec4 colour = colours[k];
            float alpha = alpha_at(colour.a, shape.z, p), left = light * (1.0 - alpha);
            done = place.w >= end_depth || left <= kEnough;
            if (!done) {
                sum += colour.rgb * (alpha * light);
                light = left;
            }
        }
    }
    if (all(lessThan(pixel, size))) {
        vec3 colour = sum + light * behind;
        push.picture.at[at] = packUnorm4x8(vec4(push.blue_first != 0 ? colour.bgr : colour, 1.0));
    }
}
