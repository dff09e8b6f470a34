#pragma once

#include "core/host_device.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

// How far each Gaussian may change in a frame (QUEEN, Girish et al. 2024): the hard concrete gate
// of Louizos et al. 2018 without its noise. A gate that is closed passes no gradient on and stays
// closed for the frame.
namespace longtake::gaussians {

// clamp(sigmoid(logit / softness) (high - low) + low, 0, 1); QUEEN's for N3DV.
struct GateShape {
    float low = -0.5F, high = 1.01F, softness = 0.3F;
    float offset = -0.21093F;  // softness ln(-low / high)
};
constexpr GateShape kImmersiveGates{-0.1F, 1.1F, 0.5F, -1.19895F};  // QUEEN's for that dataset
constexpr float kMostGateLogit = 6.9077554F;                        // ln 1000: open in any shape

// How scores, which say how much a Gaussian seems to change, become the probability that its gate
// is needed; up to a half a gate starts closed.
enum class GateStart : uint8_t {
    Open,    // all of them, whatever the scores, and they stay open
    Even,    // all just open, to close where they are not worth their cost
    Median,  // score / (score + median), QUEEN's
    Robust,  // sigmoid((score - median) / (median absolute deviation + 2e-4)), S2GS's
};
// `threshold` is in place of one for those that have a median: so many of it.
std::vector<float> gate_probabilities(std::span<const float> scores, GateStart start,
                                      double threshold = 1);
// The logit at which a gate starts.
float gate_logit(float probability, const GateShape& shape);

// Gaussians in one cube of side `cell` all get the largest of their scores. `means` [N, 3].
std::vector<float> pooled_scores(std::span<const float> scores, std::span<const float> means,
                                 double cell);

LONGTAKE_HOST_DEVICE inline float gate_sigmoid(float x) {
    return 1 / (1 + std::exp(-x));
}
LONGTAKE_HOST_DEVICE inline float gate_of(float logit, const GateShape& shape) {
    constexpr float kClosed = 1e-6F;  // below which rounding alone would keep one ajar
    const float s = gate_sigmoid(logit / shape.softness);
    const float g = s * (shape.high - shape.low) + shape.low;
    return g < kClosed ? 0.F : g > 1 ? 1.F : g;
}
// The gradient by the logit from that by the gate.
LONGTAKE_HOST_DEVICE inline float gate_slope(float logit, float by_gate, const GateShape& shape) {
    const float g = gate_of(logit, shape), s = gate_sigmoid(logit / shape.softness);
    const float slope = (shape.high - shape.low) / shape.softness * s * (1 - s);
    return g > 0 && g < 1 ? by_gate * slope : 0.F;
}
// Of what an open gate costs: sigmoid(logit - offset), the probability that it is not 0.
LONGTAKE_HOST_DEVICE inline float gate_cost_slope(float logit, const GateShape& shape) {
    const float s = gate_sigmoid(logit - shape.offset);
    return s * (1 - s);
}

}  // namespace longtake::gaussians
