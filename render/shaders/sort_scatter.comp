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

// How many keys of each half a digit each invocation has, d and d + 8 in the halves of a word; then
// how many come before them.
shared uint counters[kBlock];
shared uint sorted_keys[kBlock];
shared uint sorted_values[kBlock];
shared uint offsets[kDigits];  // from a place in the block to a place among all

// Sorts by the four bits from `shift` on what the invocations have, each the next kEach; returns how
// many there are, without those left out.
uint sort_by_half(uint keys[kEach], uint values[kEach], uint shift) {
    uint lane = gl_LocalInvocationID.x;
    for (uint d = 0; d < 8; ++d) {
        counters[d * kGroup + lane] = 0;
    }
    uint ranks[kEach];
    for (uint k = 0; k < kEach; ++k) {
        uint half_digit = keys[k] >> shift & 15u;
        uint place = (half_digit & 7u) * kGroup + lane, side = half_digit < 8 ? 0u : 16u;
        ranks[k] = counters[place] >> side & 0xFFFFu;
        counters[place] += keys[k] != kLeftOut ? 1u << side : 0u;
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
    uint low = total & 0xFFFFu;
    for (uint k = 0; k < kEach; ++k) {
        uint half_digit = keys[k] >> shift & 15u;
        uint here = counters[(half_digit & 7u) * kGroup + lane];
        uint place = ranks[k] + (half_digit < 8 ? here & 0xFFFFu : (here >> 16) + low);
        if (keys[k] != kLeftOut) {
            sorted_keys[place] = keys[k];
            sorted_values[place] = values[k];
        }
    }
    barrier();
    return low + (total >> 16);
}

uint digit_at(uint i) {
    return sorted_keys[i] >> push.shift & 255u;
}

void main() {
    uint lane = gl_LocalInvocationID.x;
    uint count = push.count != kLeftOut ? push.count : push.state.count;
    uint keys[kEach], values[kEach];
    uint first = gl_WorkGroupID.x * kBlock + lane * kEach;
    for (uint k = 0; k < kEach; ++k) {
        uint i = first + k;
        keys[k] = i < count ? push.keys.at[i] : kLeftOut;
        values[k] = push.implicit != 0 || i >= count ? i : push.values.at[i];
    }
    uint present = sort_by_half(keys, values, push.shift);
    for (uint k = 0; k < kEach; ++k) {
        uint i = lane * kEach + k;
        keys[k] = i < present ? sorted_keys[i] : kLeftOut;
        values[k] = sorted_values[i];
    }
    sort_by_half(keys, values, push.shift + 4);
    for (uint i = lane; i < present; i += kGroup) {
        if (i == 0 || digit_at(i - 1) != digit_at(i)) {
            offsets[digit_at(i)] = -i;
        }
    }
    uint all;
    uint before = sum_before(push.totals.at[lane], all);
    offsets[lane] += before + push.table.at[lane * push.stride + gl_WorkGroupID.x];
    barrier();
    for (uint i = lane; i < present; i += kGroup) {
        uint to = offsets[digit_at(i)] + i;
        push.keys_out.at[to] = sorted_keys[i];
        push.values_out.at[to] = sorted_values[i];
    }
}
