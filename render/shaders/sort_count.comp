#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"
#include "scan.glsl"
#include "sort.glsl"

// How many keys of each block have each digit. table [digits, stride]
layout(local_size_x = 256) in;
layout(push_constant) uniform Push {
    Words keys, table;
    SortState state;
    uint count;  // kLeftOut: that of the state
    uint shift, stride;
} push;

const uint kCopies = 8;  // of the counters, so that fewer meet
shared uint counters[kDigits * kCopies];

void main() {
    uint lane = gl_LocalInvocationID.x;
    for (uint copy = 0; copy < kCopies; ++copy) {
        counters[copy * kGroup + lane] = 0;
    }
    barrier();
    uint count = push.count != kLeftOut ? push.count : push.state.count;
    uint first = gl_WorkGroupID.x * kBlock + lane;
    for (uint k = 0; k < kEach; ++k) {
        uint i = first + k * kGroup;
        uint key = i < count ? push.keys.at[i] : kLeftOut;
        if (key != kLeftOut) {
            atomicAdd(counters[(key >> push.shift & 255u) * kCopies + lane % kCopies], 1);
        }
    }
    barrier();
    uint sum = 0;
    for (uint copy = 0; copy < kCopies; ++copy) {
        sum += counters[lane * kCopies + copy];
    }
    push.table.at[lane * push.stride + gl_WorkGroupID.x] = sum;
}
