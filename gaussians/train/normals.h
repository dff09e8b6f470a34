#pragma once

#include "gaussians/scene/small_matrix.h"

#include <cmath>
#include <cstdint>

// Randomness that is a function of a number, the same on every device and for any order of work.
namespace longtake::gaussians {

// A well-mixed function of the counter (Steele et al. 2014, "SplitMix").
LONGTAKE_HOST_DEVICE inline uint64_t mixed(uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

// Three normal deviates of Gaussian i (Box and Muller 1958).
LONGTAKE_HOST_DEVICE inline Vec3 normals(uint64_t seed, int64_t i) {
    const uint64_t first = mixed(seed) ^ (static_cast<uint64_t>(i) << 2);
    double uniform[4];
    for (uint64_t k = 0; k < 4; ++k) {
        uniform[k] = (static_cast<double>(mixed(first + k) >> 11) + 0.5) * 0x1p-53;
    }
    constexpr double kTurn = 6.283185307179586;
    const double near = std::sqrt(-2 * std::log(uniform[0]));
    return {near * std::cos(kTurn * uniform[1]), near * std::sin(kTurn * uniform[1]),
            std::sqrt(-2 * std::log(uniform[2])) * std::cos(kTurn * uniform[3])};
}

}  // namespace longtake::gaussians
