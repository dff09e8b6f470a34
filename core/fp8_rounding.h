#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace longtake {

// f8e4m3's bits of a value, as its constructor rounds it: without branches, so that loops over many
// become vectors.
inline uint8_t e4m3_bits(float f) {
    const auto u = std::bit_cast<int32_t>(f);
    const int32_t sign = (u >> 24) & 0x80, magnitude = u & 0x7fffffff;
    const int32_t rounded = (magnitude - 0x3c000000 + 0x7ffff + ((magnitude >> 20) & 1)) >> 20;
    const int32_t nan = static_cast<int32_t>(magnitude > 0x7f800000);
    const int32_t normal = std::min(rounded, 0x7e) + nan;
    // Below 2^-6 multiples of 2^-9: a sum with 1.5 * 2^23 has them as its last bits.
    const float steps = std::bit_cast<float>(magnitude) * 512.F + 12582912.F;
    const int32_t subnormal = std::bit_cast<int32_t>(steps) - 0x4b400000;
    const int32_t tiny = -static_cast<int32_t>(magnitude < 0x3c800000);
    return static_cast<uint8_t>(sign | (subnormal & tiny) | (normal & ~tiny));
}

}  // namespace longtake
