#pragma once

#include "core/host_device.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

// How far each Gaussian may change in a frame (QUEEN, Girish et al. 2024): the hard concrete gate
// of Louizos et al. 2018 without its noise, clamp(sigmoid(logit / softness) (high - low) + low, 0,
// 1). A gate that is closed passes no gradient on and stays closed for the frame.
namespace longtake::gaussians {

constexpr float kGateLow = -0.5F, kGateHigh = 1.01F, kGateSoftness = 0.3F;
constexpr float kGateOffset = -0.21093F;          // softness ln(-low / high)
constexpr float kMostGateLogit = 6.9077554F;      // ln 1000
constexpr float kOpenGateLogit = kMostGateLogit;  // well beyond where a gate is 1

// How scores, which say how much a Gaussian seems to change, become the probability that its gate
// is needed; up to a half a gate starts closed.
enum class GateStart : uint8_t {
    Open,    // all of them, whatever the scores
    Median,  // score / (score + median), QUEEN's
    Robust,  // sigmoid((score - median) / (median absolute deviation + 2e-4)), S2GS's
};
std::vector<float> gate_probabilities(std::span<const float> scores, GateStart start);
// The logit at which a gate starts.
float gate_logit(float probability);

// Gaussians in one cube of side `cell` all get the largest of their scores. `means` [N, 3].
std::vector<float> pooled_scores(std::span<const float> scores, std::span<const float> means,
                                 double cell);

LONGTAKE_HOST_DEVICE inline float gate_sigmoid(float x) {
    return 1 / (1 + std::exp(-x));
}
LONGTAKE_HOST_DEVICE inline float gate_of(float logit) {
    constexpr float kClosed = 1e-6F;  // below which rounding alone would keep one ajar
    const float g = gate_sigmoid(logit / kGateSoftness) * (kGateHigh - kGateLow) + kGateLow;
    return g < kClosed ? 0.F : g > 1 ? 1.F : g;
}
// The gradient by the logit from that by the gate.
LONGTAKE_HOST_DEVICE inline float gate_slope(float logit, float by_gate) {
    const float g = gate_of(logit), s = gate_sigmoid(logit / kGateSoftness);
    return g > 0 && g < 1 ? by_gate * (kGateHigh - kGateLow) / kGateSoftness * s * (1 - s) : 0.F;
}
// Of what an open gate costs: sigmoid(logit - offset), the probability that it is not 0.
LONGTAKE_HOST_DEVICE inline float gate_cost_slope(float logit) {
    const float s = gate_sigmoid(logit - kGateOffset);
    return s * (1 - s);
}

}  // namespace longtake::gaussians
