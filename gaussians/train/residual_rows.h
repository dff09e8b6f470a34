#pragma once

#include "gaussians/train/gates.h"

#include <cmath>

// What a frame learns of each Gaussian by itself, in plain memory.
namespace longtake::gaussians {

// Gates from their logits, which are kept within their bounds.
struct GateRows {
    static constexpr const char* kName = "gates";

    float *logits, *gates;
    GateShape shape;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        const float logit = logits[i];
        logits[i] = logit < -kMostGateLogit  ? -kMostGateLogit
                    : logit > kMostGateLogit ? kMostGateLogit
                                             : logit;
        gates[i] = gate_of(logits[i], shape);
    }
};

// Centres: as before, and steps by the offset behind the gate.
struct MoveRows {
    static constexpr const char* kName = "moves";

    const float *before, *offsets, *gates;
    float step;
    float* means;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        for (int64_t k = 3 * i; k < 3 * i + 3; ++k) {
            means[k] = before[k] + step * std::rint(gates[i] * offsets[k] / step);
        }
    }
};

// The gradients of that, rounding passing them on.
struct MoveGradientRows {
    static constexpr const char* kName = "gradients of moves";

    const float *by_means, *offsets, *gates;
    float *by_offsets, *by_gates;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        float by_gate = 0;
        for (int64_t k = 3 * i; k < 3 * i + 3; ++k) {
            by_offsets[k] = gates[i] * by_means[k];
            by_gate += offsets[k] * by_means[k];
        }
        by_gates[i] = by_gate;
    }
};

struct GateGradientRows {
    static constexpr const char* kName = "gradients of gates";

    const float *logits, *by_gates;
    float cost;  // of one open gate
    GateShape shape;
    float* by_logits;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        by_logits[i] =
            gate_slope(logits[i], by_gates[i], shape) + cost * gate_cost_slope(logits[i], shape);
    }
};

// New Gaussians, whose moments are -1, begin where they were put, and free to go on from there.
struct BirthRows {
    static constexpr const char* kName = "births";

    const int32_t* moments;
    const float *means, *before;
    float *offsets, *logits;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        if (moments[i] < 0) {
            for (int64_t k = 3 * i; k < 3 * i + 3; ++k) {
                offsets[k] = means[k] - before[k];
            }
            logits[i] = kMostGateLogit;
        }
    }
};

// Whole numbers of what is learnt: `factor` times round(gate values / step).
struct WholeRows {
    static constexpr const char* kName = "whole numbers";

    const float *values, *gates;  // [N, width], [N]; gates may be nullptr
    int64_t width;
    float step;
    int32_t factor;
    int32_t* out;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        const float gate = gates == nullptr ? 1.F : gates[i];
        for (int64_t k = i * width; k < (i + 1) * width; ++k) {
            out[k] = factor * static_cast<int32_t>(std::rint(gate * values[k] / step));
        }
    }
};

// Latents that go on from frame to frame: by how much the whole numbers differ, which is not at all
// behind a closed gate; and the other way, which latents a frame begins with: those that were
// learnt, or the whole numbers where those say otherwise.
struct DifferenceRows {
    static constexpr const char* kName = "differences of latents";

    const float *values, *before, *gates;  // [N, width] twice, [N] or nullptr
    int64_t width;
    int32_t* out;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        const bool closed = gates != nullptr && gates[i] == 0;
        for (int64_t k = i * width; k < (i + 1) * width; ++k) {
            out[k] = closed ? 0 : static_cast<int32_t>(std::rint(values[k]) - before[k]);
        }
    }
};
struct ContinueRows {
    static constexpr const char* kName = "latents that go on";

    const float* whole;
    float* values;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        values[i] = std::rint(values[i]) == whole[i] ? values[i] : whole[i];
    }
};

}  // namespace longtake::gaussians
