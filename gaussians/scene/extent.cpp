#include "gaussians/scene/extent.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr float kFaint = -2.2F;  // logit of an opacity of a tenth

double quantile(std::vector<double>& values, double share) {
    const auto at =
        values.begin() + static_cast<int64_t>(share * static_cast<double>(values.size() - 1));
    std::ranges::nth_element(values, at);
    return *at;
}

}  // namespace

Extent extent_of(const Cloud& cloud) {
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < cloud.count(); ++i) {
        if (cloud.opacities.data<float>()[i] > kFaint) {
            rows.push_back(i);
        }
    }
    Extent extent;
    if (rows.empty()) {
        return extent;
    }
    const float* means = cloud.means.data<float>();
    std::vector<double> values(rows.size());
    for (size_t axis = 0; axis < 3; ++axis) {
        std::ranges::transform(rows, values.begin(), [&](int64_t i) {
            return means[3 * i + static_cast<int64_t>(axis)];
        });
        // The middle between the twentieths, which unlike the median minds not where most detail
        // is.
        extent.centre[axis] = 0.5 * (quantile(values, 0.05) + quantile(values, 0.95));
    }
    std::ranges::transform(rows, values.begin(), [&](int64_t i) {
        return std::hypot(means[3 * i] - extent.centre[0], means[3 * i + 1] - extent.centre[1],
                          means[3 * i + 2] - extent.centre[2]);
    });
    extent.radius = quantile(values, 0.95);
    return extent;
}

}  // namespace longtake::gaussians
