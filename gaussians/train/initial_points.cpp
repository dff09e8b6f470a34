#include "gaussians/train/initial_points.h"

#include "gaussians/raster/spherical_harmonics.h"
#include "gaussians/scene/small_matrix.h"
#include "gaussians/train/nearest.h"

#include <algorithm>
#include <cmath>

namespace longtake::gaussians {
namespace {

Vec3 middle_of(std::span<const TrainingView> views) {
    Vec3 middle{};
    for (const TrainingView& view : views) {
        for (std::size_t k = 0; k < 3; ++k) {
            middle[k] += view.camera.centre()[k] / static_cast<double>(views.size());
        }
    }
    return middle;
}

double distance(const Vec3& a, const Vec3& b) {
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

}  // namespace

double spread_of(std::span<const TrainingView> views) {
    const Vec3 middle = middle_of(views);
    double largest = 0;
    for (const TrainingView& view : views) {
        largest = std::max(largest, distance(view.camera.centre(), middle));
    }
    return largest;
}

Attributes<float> gaussians_at(const Points& points, int sh_degree, double size) {
    constexpr float kOpacity = -2.1972246F;  // logit of 0.1
    Attributes<float> g(points.count(), sh_degree);
    const std::vector<float> squares = neighbour_distances(points.positions);
    g.means = points.positions;
    for (std::size_t i = 0; i < squares.size(); ++i) {
        const float scale = std::clamp(0.5F * std::log(squares[i]), -10.F, 4.F) +
                            static_cast<float>(std::log(size));
        std::fill_n(g.log_scales.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, scale);
        g.rotations[4 * i] = 1;
        g.opacities[i] = kOpacity;
        for (std::size_t k = 0; k < 3; ++k) {
            g.sh_dc[3 * i + k] =
                static_cast<float>((points.colours[3 * i + k] / 255.0 - 0.5) / kSh0);
        }
    }
    return g;
}

double scene_extent(std::span<const TrainingView> views, const Points& points) {
    const double extent = 1.1 * spread_of(views);
    if (extent > 0) {
        return extent;
    }
    std::vector<double> distances;
    for (int64_t i = 0; i < points.count(); ++i) {
        distances.push_back(distance(load3(points.positions.data() + 3 * i), middle_of(views)));
    }
    if (distances.empty()) {
        return 1;
    }
    const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
    std::nth_element(distances.begin(), middle, distances.end());
    return 0.1 * *middle;
}

}  // namespace longtake::gaussians
