#pragma once

#include "gaussians/scene/cloud.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <random>
#include <string>

namespace longtake::gaussians {

inline const std::filesystem::path kSplats =
    std::filesystem::path(LONGTAKE_TEST_FIXTURES) / "splats";

// A real input of the folder LONGTAKE_TEST_DATA, which is not part of the project; a test that
// wants one skips where it is absent.
inline std::filesystem::path real_input(const std::string& name) {
    const char* folder = std::getenv("LONGTAKE_TEST_DATA");
    return std::filesystem::path(folder != nullptr ? folder : "LONGTAKE_TEST_DATA") / name;
}

inline Cloud random_cloud(int64_t count, int degree, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    Cloud cloud = Cloud::sized(count, degree);
    const auto fill = [&](Tensor& tensor, float scale, float offset) {
        for (float& v : tensor.values<float>()) {
            v = offset + scale * normal(random);
        }
    };
    fill(cloud.means, 2, 1);
    fill(cloud.log_scales, 1, -3);
    fill(cloud.rotations, 1, 0);
    fill(cloud.opacities, 2, 0);
    fill(cloud.sh_dc, 0.5F, 0);
    fill(cloud.sh_rest, 0.2F, 0);
    return cloud;
}

// Largest difference of two tensors of one shape, after `map`.
template <typename Map> float difference(const Tensor& a, const Tensor& b, Map&& map) {
    if (a.shape() != b.shape()) {
        return std::numeric_limits<float>::infinity();
    }
    float worst = 0;
    for (size_t i = 0; i < a.values<float>().size(); ++i) {
        worst = std::max(worst, std::abs(map(a.values<float>()[i]) - map(b.values<float>()[i])));
    }
    return worst;
}

inline float difference(const Tensor& a, const Tensor& b) {
    return difference(a, b, [](float v) { return v; });
}

inline float opacity_difference(const Cloud& a, const Cloud& b) {
    return difference(a.opacities, b.opacities, [](float v) { return 1 / (1 + std::exp(-v)); });
}

// 1 - |cosine| of the quaternions that differ most.
inline float rotation_difference(const Cloud& a, const Cloud& b) {
    float worst = 0;
    for (int64_t i = 0; i < a.count(); ++i) {
        float dot = 0, aa = 0, bb = 0;
        for (int64_t k = 4 * i; k < 4 * i + 4; ++k) {
            const float p = a.rotations.data<float>()[k], q = b.rotations.data<float>()[k];
            dot += p * q;
            aa += p * p;
            bb += q * q;
        }
        worst = std::max(worst, 1 - std::abs(dot) / std::sqrt(aa * bb));
    }
    return worst;
}

inline bool equal(const Cloud& a, const Cloud& b) {
    return difference(a.means, b.means) == 0 && difference(a.log_scales, b.log_scales) == 0 &&
           difference(a.rotations, b.rotations) == 0 && difference(a.opacities, b.opacities) == 0 &&
           difference(a.sh_dc, b.sh_dc) == 0 && difference(a.sh_rest, b.sh_rest) == 0;
}

}  // namespace longtake::gaussians
