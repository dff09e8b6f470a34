#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

// What the quantized formats have in common.
namespace longtake::gaussians {

constexpr float kShC0 = 0.28209479177387814F;  // of the spherical harmonic of degree 0

// The logit of an opacity of 8 bits; the ends stand a quarter of a step inside, so that they are
// finite and become the same byte again.
inline float logit_of(uint8_t opacity) {
    const float p = std::clamp(static_cast<float>(opacity), 0.25F, 254.75F) / 255.F;
    return std::log(p / (1.F - p));
}

// A unit quaternion without its largest component, whose sign is made positive.
struct SmallestThree {
    size_t largest = 0;
    std::array<float, 3> others{};  // in the order of the four, each within +-1/sqrt(2)
};

inline std::array<float, 4> from_smallest_three(const SmallestThree& packed) {
    std::array<float, 4> q{};
    float rest = 1;
    for (size_t i = 0, other = 0; i < 4; ++i) {
        if (i != packed.largest) {
            q[i] = packed.others[other++];
            rest -= q[i] * q[i];
        }
    }
    q[packed.largest] = std::sqrt(std::max(0.F, rest));
    return q;
}

inline SmallestThree smallest_three(const std::array<float, 4>& q) {
    SmallestThree packed;
    float squares = 0;
    for (size_t i = 0; i < 4; ++i) {
        squares += q[i] * q[i];
        packed.largest = std::abs(q[i]) > std::abs(q[packed.largest]) ? i : packed.largest;
    }
    const float scale = std::copysign(1.F, q[packed.largest]) / std::sqrt(squares);
    for (size_t i = 0, other = 0; i < 4; ++i) {
        if (i != packed.largest) {
            packed.others[other++] = q[i] * scale;
        }
    }
    return packed;
}

}  // namespace longtake::gaussians
