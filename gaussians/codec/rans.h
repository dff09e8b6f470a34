#pragma once

#include "core/host_device.h"

#include <array>
#include <cstdint>

// Range coding of symbols with asymmetric numeral systems (Duda 2013; interleaved as Giesen 2014
// does): 32 states side by side take turns at one row of 16-bit words, so that a warp decodes it
// and a CPU has 32 independent chains. Shared by both.
namespace longtake::gaussians {

constexpr int kLanes = 32;
constexpr int kStateBytes = 4 * kLanes;           // of a block, before its words
constexpr uint32_t kRansBits = 12;                // of a probability
constexpr uint32_t kRansScale = 1U << kRansBits;  // 1 as a probability
constexpr uint32_t kRansLowest = 1U << 16;        // least state between symbols, and the first

// A symbol's share of [0, kRansScale).
struct Interval {
    uint32_t begin, size;
};

LONGTAKE_HOST_DEVICE inline uint32_t rans_slot(uint32_t state) {
    return state & (kRansScale - 1);
}
// The state before the symbol was put in; below kRansLowest it takes another word at its low end.
LONGTAKE_HOST_DEVICE inline uint32_t rans_take(uint32_t state, Interval symbol) {
    return symbol.size * (state >> kRansBits) + rans_slot(state) - symbol.begin;
}

// A whole number is a token and up to 30 further bits. Near 0 the token says all.
constexpr uint32_t kPlainTokens = 12, kTokens = 70;
struct Token {
    uint32_t token, bits, extra;  // what it is, how many bits follow, which
};
LONGTAKE_HOST_DEVICE inline uint32_t token_bits(uint32_t token) {
    return token < kPlainTokens ? 0 : (token - kPlainTokens) / 2 + 2;
}
// Of a token and what follows it: the number, where 0, -1, 1, -2, ... are counted 0, 1, 2, 3, ...
LONGTAKE_HOST_DEVICE inline int32_t token_value(uint32_t token, uint32_t extra) {
    const uint32_t bits = token_bits(token);
    const uint32_t z = token < kPlainTokens ? token : (2 | (token & 1)) << bits | extra;
    return static_cast<int32_t>(z >> 1 ^ (0 - (z & 1)));
}

// Symbols of the slots, and their intervals (begin in the low half, size in the high).
struct RansTable {
    std::array<uint8_t, kRansScale> symbols;
    std::array<uint32_t, kTokens> intervals;

    LONGTAKE_HOST_DEVICE Interval interval(uint32_t symbol) const {
        return {intervals[symbol] & 0xffff, intervals[symbol] >> 16};
    }
};

// What a flag's probability depends on: whether it was set in the frame before, whether its
// Gaussian moves, and how many of the 32 Gaussians before these are set.
constexpr uint32_t kFlagLevels = 6, kFlagContexts = 4 * kFlagLevels;
LONGTAKE_HOST_DEVICE inline uint32_t flag_level(int set) {
    return set == 0 ? 0 : set <= 2 ? 1 : set <= 8 ? 2 : set <= 20 ? 3 : set < kLanes ? 4 : 5;
}
LONGTAKE_HOST_DEVICE inline Interval flag_interval(uint32_t probability, bool set) {
    return set ? Interval{0, probability} : Interval{probability, kRansScale - probability};
}

// What a token's probabilities depend on: its column, and how many before it in its row are not 0.
constexpr uint32_t kTokenContexts = 3;
LONGTAKE_HOST_DEVICE inline uint32_t token_table(uint32_t feature, uint32_t nonzero) {
    return feature * kTokenContexts + (nonzero < 2 ? nonzero : 2);
}

}  // namespace longtake::gaussians
