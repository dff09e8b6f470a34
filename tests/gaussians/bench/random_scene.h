#pragma once

#include "core/parallel.h"
#include "gaussians/scene/camera.h"
#include "gaussians/scene/cloud.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

// Scenes to measure with.
namespace longtake::gaussians {

inline Camera camera_of(int64_t width, int64_t height) {
    const double w = static_cast<double>(width), h = static_cast<double>(height);
    return {
        .width = width, .height = height, .fx = 0.6 * w, .fy = 0.6 * w, .cx = w / 2, .cy = h / 2};
}

// Random numbers of one Gaussian (Steele et al. 2014, "SplitMix").
class Random {
  public:
    explicit Random(int64_t seed) : state_(static_cast<uint64_t>(seed) * 0xD1B54A32D192ED03U) {}
    double uniform(double low, double high) {
        state_ += 0x9E3779B97F4A7C15U;
        uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return low + (high - low) * static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
    }
    double normal() {
        const double radius = std::sqrt(-2 * std::log(uniform(1e-12, 1)));
        return radius * std::cos(uniform(0, 2 * std::numbers::pi));
    }

  private:
    uint64_t state_;
};

// As a trained scene is: footprints of a few pixels, smaller where there are more, of every
// opacity, a part of them beyond the picture.
inline Cloud scene_of(int64_t count) {
    Cloud cloud = Cloud::sized(count, kMaxShDegree);
    const double pixels = 2.5 * std::cbrt(1e6 / static_cast<double>(count));
    const double focal = camera_of(1352, 1014).fx;
    float *means = cloud.means.data<float>(), *scales = cloud.log_scales.data<float>();
    float *rotations = cloud.rotations.data<float>(), *opacities = cloud.opacities.data<float>();
    float *dc = cloud.sh_dc.data<float>(), *rest = cloud.sh_rest.data<float>();
    parallel_for(count, [&](int64_t i) {
        Random random(i);
        const double depth = 2 * std::exp(random.uniform(0, 2.3));
        means[3 * i] = static_cast<float>(depth * random.uniform(-1.1, 1.1));
        means[3 * i + 1] = static_cast<float>(depth * random.uniform(-0.8, 0.8));
        means[3 * i + 2] = static_cast<float>(depth);
        opacities[i] = static_cast<float>(std::min(2 * random.normal(), 4.5));
        const double size = std::log(pixels * depth / focal) + 0.6 * random.normal();
        for (int64_t k = 0; k < 3; ++k) {
            scales[3 * i + k] = static_cast<float>(size + 0.5 * random.normal());
            dc[3 * i + k] = static_cast<float>(random.normal());
        }
        for (int64_t k = 0; k < 4; ++k) {
            rotations[4 * i + k] = static_cast<float>(random.normal());
        }
        for (int64_t k = 0; k < 45; ++k) {
            rest[45 * i + k] = static_cast<float>(random.uniform(-0.2, 0.2));
        }
    });
    return cloud;
}

}  // namespace longtake::gaussians
