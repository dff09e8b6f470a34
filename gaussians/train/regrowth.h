#pragma once

#include "gaussians/scene/cloud.h"
#include "gaussians/train/normals.h"

#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// What density control makes of the Gaussians: M rows, each of them made of an old one.
struct Regrowth {
    std::vector<int32_t> sources;  // the old row
    std::vector<int32_t> moments;  // the same, or -1 where Adam's moments start anew
    std::vector<float> opacities;  // logits that they get
    std::vector<float> scaling;    // added to the log scales
    std::vector<float> spread;     // standard deviations of the old one, by which the centre moves

    int64_t count() const { return static_cast<int64_t>(sources.size()); }
    // A row made of the old one, as it is.
    void keep(int32_t source, float opacity) { add(source, source, opacity, 0, 0); }
    // Another one made of it.
    void add_new(int32_t source, float opacity, float scale, float far) {
        add(source, -1, opacity, scale, far);
    }

  private:
    void add(int32_t source, int32_t moment, float opacity, float scale, float far) {
        sources.push_back(source);
        moments.push_back(moment);
        opacities.push_back(opacity);
        scaling.push_back(scale);
        spread.push_back(far);
    }
};

// Moves and scales rows that have been gathered: each by `spread` [M] of its own standard
// deviations in a direction that is a function of (seed, row), then its log scales by `scaling`
// [M].
void scatter(Cloud& cloud, const Tensor& spread, const Tensor& scaling, uint64_t seed,
             GpuStream stream = nullptr);

// One row, in plain memory.
struct ScatterRows {
    static constexpr const char* kName = "scatter";

    float *means, *log_scales;
    const float *rotations, *spread, *scaling;
    uint64_t seed;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        Vec3 offset = normals(seed, i);
        for (int k = 0; k < 3; ++k) {
            offset[k] *= spread[i] * std::exp(static_cast<double>(log_scales[3 * i + k]));
        }
        offset = rotation_of(unit_quaternion(rotations + 4 * i)) * offset;
        for (int k = 0; k < 3; ++k) {
            means[3 * i + k] += spread[i] == 0 ? 0.F : static_cast<float>(offset[k]);
            log_scales[3 * i + k] += scaling[i];
        }
    }
};

}  // namespace longtake::gaussians
