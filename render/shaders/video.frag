#version 450

layout(push_constant) uniform Push {
    vec2 origin, size;  // of the picture on the target, in pixels
    vec2 texels;        // of the picture
} push;
// A pipeline each: software rasterizers run both sides of a branch.
layout(constant_id = 0) const int kMode = 0;  // 0 smooth, 1 sharp, 2 shrunk
layout(binding = 0) uniform sampler2D picture;  // decoded to linear light when sampled
layout(location = 0) out vec4 colour;

const int kMostTaps = 16;  // along a side, when shrinking

vec3 encode(vec3 linear) {
    vec3 low = 12.92 * linear;
    vec3 high = 1.055 * pow(linear, vec3(1.0 / 2.4)) - 0.055;
    return mix(high, low, lessThanEqual(linear, vec3(0.0031308)));
}

vec3 sampled(vec2 position) {
    return textureLod(picture, position / push.texels, 0.0).rgb;
}

// The mean of the `step` texels around `position`.
vec3 shrunk(vec2 position, vec2 step) {
    ivec2 taps = clamp(ivec2(ceil(step)), ivec2(1), ivec2(kMostTaps));
    vec3 sum = vec3(0.0);
    for (int y = 0; y < taps.y; ++y) {
        for (int x = 0; x < taps.x; ++x) {
            sum += sampled(position + step * ((vec2(x, y) + 0.5) / vec2(taps) - 0.5));
        }
    }
    return sum / float(taps.x * taps.y);
}

// Bilinear only within the target's pixel on the border between two texels.
vec3 sharp(vec2 position, vec2 step) {
    vec2 texel = floor(position - 0.5) + 0.5;
    vec2 between = clamp((position - texel - 0.5) / step + 0.5, 0.0, 1.0);
    return sampled(texel + between);
}

// Catmull-Rom over 4 x 4 texels; the two in the middle of a side share one bilinear fetch.
vec3 smooth_(vec2 position) {
    vec2 texel = floor(position - 0.5) + 0.5;
    vec2 f = position - texel;
    vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
    vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
    vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
    vec2 w3 = f * f * (-0.5 + 0.5 * f);
    vec2 w12 = w1 + w2;
    vec2 p0 = texel - 1.0, p12 = texel + w2 / w12, p3 = texel + 2.0;
    // The four corners weigh next to nothing and are left out.
    vec3 sum = sampled(p12) * (w12.x * w12.y);
    sum += sampled(vec2(p0.x, p12.y)) * (w0.x * w12.y) + sampled(vec2(p3.x, p12.y)) * (w3.x * w12.y);
    sum += sampled(vec2(p12.x, p0.y)) * (w12.x * w0.y) + sampled(vec2(p12.x, p3.y)) * (w12.x * w3.y);
    float weight = w12.x * w12.y + (w0.x + w3.x) * w12.y + w12.x * (w0.y + w3.y);
    return sum / weight;
}

void main() {
    vec2 step = push.texels / push.size;  // texels per pixel
    vec2 position = (gl_FragCoord.xy - push.origin) * step;
    vec3 linear;
    if (kMode == 2) {
        linear = shrunk(position, step);
    } else if (kMode == 1) {
        linear = sharp(position, step);
    } else {
        linear = smooth_(position);
    }
    colour = vec4(encode(clamp(linear, 0.0, 1.0)), 1.0);
}
