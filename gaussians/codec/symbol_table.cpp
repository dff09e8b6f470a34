#include "gaussians/codec/symbol_table.h"

#include "gaussians/codec/decoder_coding.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace longtake::gaussians {

Frequencies normalized(const Frequencies& counts) {
    const uint64_t all = std::accumulate(counts.begin(), counts.end(), uint64_t{0});
    Frequencies out{};
    if (all == 0) {
        return out;
    }
    uint32_t sum = 0;
    for (size_t i = 0; i < kTokens; ++i) {
        const uint64_t share = (counts[i] * uint64_t{kRansScale} + all / 2) / all;
        out[i] = counts[i] == 0 ? 0 : std::max<uint32_t>(1, static_cast<uint32_t>(share));
        sum += out[i];
    }
    // What rounding gave or took is the most frequent ones', for which it matters least.
    while (sum != kRansScale) {
        uint32_t& most = *std::ranges::max_element(out);
        const uint32_t change =
            sum < kRansScale ? kRansScale - sum : std::min(sum - kRansScale, most / 2);
        most = sum < kRansScale ? most + change : most - change;
        sum = sum < kRansScale ? sum + change : sum - change;
    }
    return out;
}

uint32_t probability_of(uint64_t set, uint64_t all) {
    const uint64_t share = all == 0 ? kRansScale / 2 : (set * kRansScale + all / 2) / all;
    return static_cast<uint32_t>(std::clamp<uint64_t>(share, 1, kRansScale - 1));
}

void put_frequencies(const Frequencies& frequencies, ByteWriter& out) {
    const auto last =
        std::find_if(frequencies.rbegin(), frequencies.rend(), [](uint32_t f) { return f > 0; });
    const auto used = static_cast<size_t>(frequencies.rend() - last);
    out.number(used, 1);
    for (size_t i = 0; i + 1 < used; ++i) {  // the last one's is what the others leave
        put_varint(frequencies[i], out);
    }
}

Frequencies take_frequencies(ByteReader& in) {
    Frequencies out{};
    const uint64_t used = in.number(1);
    check_input(used <= kTokens, "its probabilities are of {} tokens", used);
    uint64_t sum = 0;
    for (size_t i = 0; i + 1 < used; ++i) {
        out[i] = take_varint(in);
        sum += out[i];
        check_input(sum < kRansScale, "its probabilities do not add up");
    }
    if (used > 0) {
        out[used - 1] = static_cast<uint32_t>(kRansScale - sum);
    }
    return out;
}

Interval interval_of(const Frequencies& frequencies, uint32_t token) {
    const auto begin = frequencies.begin();
    return {std::accumulate(begin, begin + token, uint32_t{0}), frequencies[token]};
}

RansTable table_of(const Frequencies& frequencies) {
    RansTable out{};
    uint32_t begin = 0;
    for (uint32_t token = 0; token < kTokens; ++token) {
        const uint32_t size = frequencies[token];
        std::fill_n(out.symbols.begin() + begin, size, static_cast<uint8_t>(token));
        out.intervals[token] = begin | size << 16;
        begin += size;
    }
    if (begin == 0) {
        out.intervals[0] = kRansScale << 16;
    }
    return out;
}

Token token_of(int32_t value) {
    const uint32_t z = zigzag(value);
    if (z < kPlainTokens) {
        return {.token = z, .bits = 0, .extra = 0};
    }
    const auto bits = static_cast<uint32_t>(std::bit_width(z)) - 2;
    const uint32_t second = z >> bits & 1;
    return {.token = kPlainTokens + 2 * (bits - 2) + second,
            .bits = bits,
            .extra = z & ((1U << bits) - 1)};
}

}  // namespace longtake::gaussians
