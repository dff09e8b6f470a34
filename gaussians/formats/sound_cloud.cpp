#include "gaussians/formats/sound_cloud.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr float kLargestLogit = 16;    // within 1.2e-7 of 0 and 1
constexpr float kSmallestScale = -24;  // logarithm: 4e-11 scene units

std::span<const float> row_of(const Tensor& tensor, int64_t i) {
    const auto parts = static_cast<size_t>(tensor.count() / tensor.extent(0));
    return tensor.values<float>().subspan(static_cast<size_t>(i) * parts, parts);
}

bool is_finite(const Tensor& tensor, int64_t i) {
    return std::ranges::all_of(row_of(tensor, i), [](float v) { return std::isfinite(v); });
}

bool is_sound(const Cloud& cloud, int64_t i) {
    const auto q = row_of(cloud.rotations, i);
    const float length = std::hypot(std::hypot(q[0], q[1]), std::hypot(q[2], q[3]));
    return length > 1e-12F && std::isfinite(length) && is_finite(cloud.means, i) &&
           is_finite(cloud.log_scales, i) && is_finite(cloud.opacities, i) &&
           is_finite(cloud.sh_dc, i) && is_finite(cloud.sh_rest, i);
}

Tensor gather(const Tensor& from, const std::vector<int64_t>& rows) {
    Tensor to(from.shape().with(0, std::ssize(rows)), from.dtype());
    float* at = to.data<float>();
    for (const int64_t i : rows) {
        at = std::ranges::copy(row_of(from, i), at).out;
    }
    return to;
}

}  // namespace

int64_t make_sound(Cloud& cloud) {
    for (float& logit : cloud.opacities.values<float>()) {
        logit = std::isinf(logit) ? std::copysign(kLargestLogit, logit) : logit;
    }
    for (float& scale : cloud.log_scales.values<float>()) {
        scale = std::isinf(scale) && scale < 0 ? kSmallestScale : scale;
    }
    std::vector<int64_t> sound;
    for (int64_t i = 0; i < cloud.count(); ++i) {
        if (is_sound(cloud, i)) {
            sound.push_back(i);
        }
    }
    const int64_t dropped = cloud.count() - std::ssize(sound);
    if (dropped > 0) {
        for (Tensor* tensor : {&cloud.means, &cloud.log_scales, &cloud.rotations, &cloud.opacities,
                               &cloud.sh_dc, &cloud.sh_rest}) {
            *tensor = gather(*tensor, sound);
        }
    }
    return dropped;
}

}  // namespace longtake::gaussians
