#pragma once

#include "gaussians/scene/cloud.h"
#include "gaussians/train/normals.h"

// What Mcmc does to each Gaussian by itself, in plain memory.
namespace longtake::gaussians {

LONGTAKE_HOST_DEVICE inline double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

struct CostRows {
    static constexpr const char* kName = "costs";

    const float *opacities, *log_scales;
    float *by_opacities, *by_log_scales;
    double opacity_cost, scale_cost;  // of one Gaussian, of one standard deviation

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        const double o = sigmoid(opacities[i]);
        by_opacities[i] += static_cast<float>(opacity_cost * o * (1 - o));
        for (int64_t k = 3 * i; k < 3 * i + 3; ++k) {
            by_log_scales[k] +=
                static_cast<float>(scale_cost * std::exp(static_cast<double>(log_scales[k])));
        }
    }
};

struct NoiseRows {
    static constexpr const char* kName = "noise";

    float* means;
    const float *log_scales, *rotations, *opacities;
    double size, min_opacity;
    uint64_t seed;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        constexpr double kSteepness = 100;
        const double part = sigmoid(-kSteepness * (sigmoid(opacities[i]) - min_opacity));
        Vec3 scales;
        for (int k = 0; k < 3; ++k) {
            scales[k] = std::exp(static_cast<double>(log_scales[3 * i + k]));
        }
        const Mat3 half = scaled(rotation_of(unit_quaternion(rotations + 4 * i)), scales);
        const Vec3 offset = half * (transposed(half) * normals(seed, i));
        for (int k = 0; k < 3; ++k) {
            means[3 * i + k] += static_cast<float>(size * part * offset[k]);
        }
    }
};

}  // namespace longtake::gaussians
