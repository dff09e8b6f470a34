#pragma once

#include "core/host_device.h"

#include <cmath>

namespace longtake::gaussians {

constexpr float kBeta1 = 0.9F, kBeta2 = 0.999F, kEpsilon = 1e-15F;

// What depends on the number of steps: the rate over the bias of the first moment, and one over the
// root of that of the second.
struct AdamRate {
    float rate, unbias2;
};

inline AdamRate adam_rate(double rate, double steps) {
    const double beta1 = static_cast<double>(kBeta1), beta2 = static_cast<double>(kBeta2);
    return {static_cast<float>(rate / (1 - std::pow(beta1, steps))),
            static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, steps)))};
}

// Moves one value by its gradient g.
LONGTAKE_HOST_DEVICE inline void adam_update(const AdamRate& with, float g, float& value,
                                             float& first, float& second) {
    first = kBeta1 * first + (1 - kBeta1) * g;
    second = kBeta2 * second + (1 - kBeta2) * g * g;
    value -= with.rate * first / (std::sqrt(second) * with.unbias2 + kEpsilon);
}

}  // namespace longtake::gaussians
