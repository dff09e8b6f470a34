#version 450
#extension GL_GOOGLE_include_directive : require
#include "splat.glsl"
#include "scan.glsl"
#include "sort.glsl"

// Puts the keys of a block, sorted by a digit, stably, behind those of the blocks before.
layout(local_size_x = 256) in;
layout(push_constant) uniform Push {
    Words keys, values, keys_out, values_out, table, totals;
    SortState state;
    uint count;  // kLeftOut: that of the state
    uint shift, stride;
    uint implicit;  // 1: the value of a key is its place
} push;

// How many keys of each digit each invocation has, digit d and d + 8 in the halves of a word; then
// how many come before them.
shared uint counters[kBlock];
shared uint sorted_keys[kBlock];
shared uint sorted_values[kBlock];
shared uint offsets[kDigits];  // from a place in the block to a place among all

void main() {
    uint lane = gl_LocalInvocationID.x;
    uint count = push.count != kLeftOut ? push.count : push.state.count;
    for (uint d = 0; d < 8; ++d) {
        counters[d * kGroup + lane] = 0;
    }
    uint keys[kEach], values[kEach], ranks[kEach];
    uint first = gl_WorkGroupID.x * kBlock + lane * kEach;
    for (uint k = 0; k < kEach; ++k) {
        uint i = first + k;
        keys[k] = i < count ? push.keys.at[i] : kLeftOut;
        values[k] = push.implicit != 0 || i >= count ? i : push.values.at[i];
        uint digit = keys[k] >> push.shift & 15u;
        uint place = (digit & 7u) * kGroup + lane;
        uint half_ = digit < 8 ? 0u : 16u;
        ranks[k] = counters[place] >> half_ & 0xFFFFu;
        counters[place] += keys[k] != kLeftOut ? 1u << half_ : 0u;
    }
    barrier();
    uint sum = 0;
    for (uint k = 0; k < kEach; ++k) {
        sum += counters[lane * kEach + k];
    }
    uint total;
    uint before = sum_before(sum, total);
    for (uint k = 0; k < kEach; ++k) {
        uint here = counters[lane * kEach + k];
        counters[lane * kEach + k] = before;
        before += here;
    }
    barrier();
    uint low = total & 0xFFFFu, present = low + (total >> 16);
    if (lane < kDigits) {
        uint digits_before = 0;
        for (uint d = 0; d < lane; ++d) {
            digits_before += push.totals.at[d];
        }
        uint begin = counters[(lane & 7u) * kGroup];
        begin = lane < 8 ? begin & 0xFFFFu : (begin >> 16) + low;
        offsets[lane] =
            digits_before + push.table.at[lane * push.stride + gl_WorkGroupID.x] - begin;
    }
    for (uint k = 0; k < kEach; ++k) {
        uint digit = keys[k] >> push.shift & 15u;
        uint here = counters[(digit & 7u) * kGroup + lane];
        uint place = ranks[k] + (digit < 8 ? here & 0xFFFFu : (here >> 16) + low);
        if (keys[k] != kLeftOut) {
            sorted_keys[place] = keys[k];
            sorted_values[place] = values[k];
        }
    }
    barrier();
    for (uint i = lane; i < present; i += kGroup) {
        uint to = offsets[sorted_keys[i] >> push.shift & 15u] + i;
        push.keys_out.at[to] = sorted_keys[i];
        push.values_out.at[to] = sorted_values[i];
    }
}
