#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"

// Gaussians as the camera sees them, and keys that sort them by depth.
layout(local_size_x = 256) in;
layout(push_constant) uniform Push {
    View view;
    Floats means, log_scales, rotations, opacities, sh_dc, sh_rest;
    Words marks;  // 8 bits each
    Words keys;
    Splats splats;
} push;

vec3 row3(Floats rows, uint i) {
    return vec3(rows.at[3 * i], rows.at[3 * i + 1], rows.at[3 * i + 2]);
}

mat3 rotation_of(uint i) {
    vec4 q = vec4(push.rotations.at[4 * i], push.rotations.at[4 * i + 1],
                  push.rotations.at[4 * i + 2], push.rotations.at[4 * i + 3]);
    q = normalize(q);
    float w = q.x, x = q.y, y = q.z, z = q.w;
    return mat3(1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y),
                2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x),
                2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y));
}

// Bases in the order and signs of 3DGS; see gaussians/raster/spherical_harmonics.h.
vec3 harmonics_of(uint i, vec3 d) {
    vec3 sum = 0.5 + 0.28209479177387814 * row3(push.sh_dc, i);
    uint first = i * push.view.rest_count;
    float x = d.x, y = d.y, z = d.z;
    if (push.view.degree > 0) {
        sum += 0.4886025119029199 * (z * row3(push.sh_rest, first + 1) -
                                     y * row3(push.sh_rest, first) -
                                     x * row3(push.sh_rest, first + 2));
    }
    float xx = x * x, yy = y * y, zz = z * z, xy = x * y;
    if (push.view.degree > 1) {
        sum += 1.0925484305920792 * (xy * row3(push.sh_rest, first + 3) -
                                     y * z * row3(push.sh_rest, first + 4) -
                                     x * z * row3(push.sh_rest, first + 6));
        sum += 0.31539156525252005 * (2.0 * zz - xx - yy) * row3(push.sh_rest, first + 5);
        sum += 0.5462742152960396 * (xx - yy) * row3(push.sh_rest, first + 7);
    }
    if (push.view.degree > 2) {
        sum -= 0.5900435899266435 * (y * (3.0 * xx - yy) * row3(push.sh_rest, first + 8) +
                                     x * (xx - 3.0 * yy) * row3(push.sh_rest, first + 14));
        sum += 2.890611442640554 * xy * z * row3(push.sh_rest, first + 9);
        sum -= 0.4570457994644658 * (4.0 * zz - xx - yy) *
               (y * row3(push.sh_rest, first + 10) + x * row3(push.sh_rest, first + 12));
        sum += 0.3731763325901154 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy) *
               row3(push.sh_rest, first + 11);
        sum += 1.445305721320277 * z * (xx - yy) * row3(push.sh_rest, first + 13);
    }
    return max(sum, 0.0);
}

// Its row of the palette.
vec4 mark_of(uint i) {
    if (push.view.marked == 0) {
        return vec4(0.0);
    }
    uint mark = push.marks.at[i / 4] >> (8 * (i % 4)) & 7u;
    return push.view.marks[mark];
}

bool project(uint i, out Splat s) {
    vec3 mean = row3(push.means, i);
    vec3 t = vec3(dot(push.view.rows[0], vec4(mean, 1.0)), dot(push.view.rows[1], vec4(mean, 1.0)),
                  dot(push.view.rows[2], vec4(mean, 1.0)));
    float opacity = 1.0 / (1.0 + exp(-push.opacities.at[i]));
    vec4 mark = mark_of(i);
    if (!(t.z > push.view.eye.w) || !(opacity > 1.0 / 255.0) || mark.w < 0.0) {
        return false;
    }
    vec2 focal = push.view.lens.xy;
    vec2 near = clamp(t.xy / t.z, push.view.limits.xz, push.view.limits.yw);
    vec3 right = vec3(focal.x / t.z, 0.0, -focal.x * near.x / t.z);
    vec3 down = vec3(0.0, focal.y / t.z, -focal.y * near.y / t.z);
    mat3 root = rotation_of(i);
    vec3 scales = exp(row3(push.log_scales, i));
    root = mat3(root[0] * scales.x, root[1] * scales.y, root[2] * scales.z);
    mat3 turn = transpose(
        mat3(push.view.rows[0].xyz, push.view.rows[1].xyz, push.view.rows[2].xyz));
    root = turn * root;
    vec3 a = right * root, b = down * root;  // rows of what maps a unit ball to pixels
    float xx = dot(a, a) + 0.3, xy = dot(a, b), yy = dot(b, b) + 0.3;
    float level = 2.0 * falloff_of(opacity);
    vec2 reach = sqrt(level * vec2(xx, yy));
    vec2 centre = focal * t.xy / t.z + push.view.lens.zw;
    if (!(reach.x < 1e9 && reach.y < 1e9) || any(lessThan(centre + reach, vec2(0.0))) ||
        any(greaterThan(centre - reach, push.view.size))) {
        return false;
    }
    float across = max(xx - xy * xy / yy, 1e-6);
    vec3 colour = harmonics_of(i, normalize(mean - push.view.eye.xyz));
    if (push.view.depths.y > 0.0) {
        float far = clamp(log(t.z / push.view.depths.x) / log(push.view.depths.y / push.view.depths.x),
                          0.0, 1.0);
        colour = mix(vec3(0.95, 0.96, 1.0), vec3(0.05, 0.07, 0.12), far);
    }
    s.place = vec4(centre, xy / yy, t.z);
    s.reach = vec2(sqrt(level * across), reach.y);
    colour = mix(colour, mark.rgb, mark.w);
    s.red_green = packHalf2x16(colour.rg);
    s.blue_opacity = packHalf2x16(vec2(colour.b, opacity));
    return true;
}

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= push.view.count) {
        return;
    }
    Splat s;
    bool visible = project(i, s);
    uint key = kLeftOut;
    if (!visible) {  // the host's order has it all the same
        s = Splat(vec4(-1e6, -1e6, 0.0, 1.0), vec2(0.0), 0, 0);
    }
    push.splats.at[i] = s;
    if (visible) {
        // 32 octaves of depth, a 2^19th of one each: as DepthOrder on the host.
        key = min(floatBitsToUint(s.place.w) - floatBitsToUint(push.view.eye.w) >> 4, 0xFFFFFEu);
    }
    push.keys.at[i] = key;
}
