// What the shaders of splats share. Buffers are reached by their addresses.
#extension GL_EXT_buffer_reference : require

layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer Floats { float at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Words { uint at[]; };

// A Gaussian as the camera sees it; see gaussians/raster/splat.h. Its alpha at dy pixels below the
// centre and e pixels right of its ridge is opacity exp(-falloff (e^2 / reach_e^2 + dy^2 /
// reach_y^2)), falloff = log(255 opacity), which is 1/255 where the ellipse ends.
struct Splat {
    vec4 place;        // u, v, slope of the ridge, depth
    vec2 reach;        // reach_e, reach_y
    uint red_green;    // halves
    uint blue_opacity;
};
layout(buffer_reference, std430, buffer_reference_align = 16) buffer Splats { Splat at[]; };

// SplatView on the host.
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer View {
    vec4 rows[3];     // world to camera
    vec4 eye;         // in the world; nearest depth that is drawn
    vec4 lens;        // fx, fy, cx, cy
    vec4 limits;      // of x / z and y / z in the Jacobian: least x, most x, least y, most y
    vec2 size;        // pixels
    vec2 depths;      // from the brightest to the darkest, when depth is shown; else 0, 0
    uint count;
    uint degree;      // of what is drawn
    uint rest_count;  // coefficients of a row beyond the first
    uint marked;
    vec4 marks[8];    // colour and how much of it; hidden below 0
};

const uint kLeftOut = 0xFFFFFFFFu;  // no key

vec4 colour_of(Splat s) {
    return vec4(unpackHalf2x16(s.red_green), unpackHalf2x16(s.blue_opacity));
}

float falloff_of(float opacity) {
    return log(255.0 * opacity);
}

// p: e / reach_e, dy / reach_y
float alpha_at(float opacity, float falloff, vec2 p) {
    float square = dot(p, p);
    return square <= 1.0 ? min(0.99, opacity * exp(-falloff * square)) : 0.0;
}
