#include "gaussians/train/initial_points.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/raster/project.h"
#include "gaussians/raster/spherical_harmonics.h"
#include "gaussians/train/nearest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace longtake::gaussians {
namespace {

constexpr double kNearest = 0.25, kFarthest = 200;  // times the distance of the meeting place
constexpr int kDepths = 64;
constexpr double kIndifference = 0.004;  // of colours 0..1: nearer must be better by that

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

// The mean depth at which the optical axes come closest to each other: the least-squares solution
// for depths along the axes c_i + d_i a_i of a common point p, d_i = a_i (p - c_i), by Cramer's
// rule. Axes that hardly meet (parallel ones) get `fallback`.
double meeting_depth(std::span<const TrainingView> views, double fallback) {
    Mat3 m{};
    Vec3 right{};
    for (const TrainingView& view : views) {
        const auto& r = view.camera.rotation;
        const Vec3 axis{r[6], r[7], r[8]}, centre = view.camera.centre();
        for (std::size_t i = 0; i < 3; ++i) {
            for (std::size_t j = 0; j < 3; ++j) {
                const double across = (i == j ? 1.0 : 0.0) - axis[i] * axis[j];
                m[i][j] += across / static_cast<double>(views.size());
                right[i] += across * centre[j] / static_cast<double>(views.size());
            }
        }
    }
    const auto determinant = [](const Mat3& a) {
        return a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) -
               a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
               a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
    };
    const double whole = determinant(m);
    if (whole < 1e-4) {
        return fallback;
    }
    Vec3 point;
    for (std::size_t k = 0; k < 3; ++k) {
        Mat3 replaced = m;
        for (std::size_t i = 0; i < 3; ++i) {
            replaced[i][k] = right[i];
        }
        point[k] = determinant(replaced) / whole;
    }
    double depth = 0;
    for (const TrainingView& view : views) {
        depth += to_camera(Lens(view.camera), point)[2] / static_cast<double>(views.size());
    }
    return depth > 0 ? depth : fallback;
}

double apart(std::span<const TrainingView> views) {
    const Vec3 middle = middle_of(views);
    double largest = 0;
    for (const TrainingView& view : views) {
        largest = std::max(largest, distance(view.camera.centre(), middle));
    }
    return largest;
}

// A pixel of a view and the world's points behind it.
struct Ray {
    const TrainingView& view;
    int64_t x, y;

    Vec3 at(double depth) const {
        const Camera& c = view.camera;
        const Vec3 t{depth * (static_cast<double>(x) + 0.5 - c.cx) / c.fx - c.translation[0],
                     depth * (static_cast<double>(y) + 0.5 - c.cy) / c.fy - c.translation[1],
                     depth - c.translation[2]};
        const auto& r = c.rotation;
        return {r[0] * t[0] + r[3] * t[1] + r[6] * t[2], r[1] * t[0] + r[4] * t[1] + r[7] * t[2],
                r[2] * t[0] + r[5] * t[1] + r[8] * t[2]};
    }
};

// The mean of the 3 x 3 pixels around a pixel, 0..1.
Vec3 patch_colour(const TrainingView& view, int64_t x, int64_t y) {
    const int64_t w = view.camera.width, h = view.camera.height;
    const uint8_t* pixels = view.image.data<uint8_t>();
    Vec3 sum{};
    int count = 0;
    for (int64_t v = std::max<int64_t>(y - 1, 0); v <= std::min(y + 1, h - 1); ++v) {
        for (int64_t u = std::max<int64_t>(x - 1, 0); u <= std::min(x + 1, w - 1); ++u, ++count) {
            for (std::size_t k = 0; k < 3; ++k) {
                sum[k] += pixels[3 * (v * w + u) + static_cast<int64_t>(k)] / 255.0;
            }
        }
    }
    for (double& c : sum) {
        c /= count;
    }
    return sum;
}

// How much the views disagree about the colour of a point: the mean difference over the better half
// of the views that have it in their picture, for the others may have something in front.
double disagreement(std::span<const TrainingView> views, std::span<const Lens> lenses,
                    const TrainingView& own, const Vec3& point, const Vec3& colour,
                    std::vector<double>& differences) {
    differences.clear();
    for (std::size_t i = 0; i < views.size(); ++i) {
        const Vec3 t = to_camera(lenses[i], point);
        if (&views[i] == &own || t[2] <= 0) {
            continue;
        }
        const double u = std::floor(lenses[i].fx * t[0] / t[2] + lenses[i].cx);
        const double v = std::floor(lenses[i].fy * t[1] / t[2] + lenses[i].cy);
        if (u >= 0 && v >= 0 && u < static_cast<double>(views[i].camera.width) &&
            v < static_cast<double>(views[i].camera.height)) {
            differences.push_back(distance(
                patch_colour(views[i], static_cast<int64_t>(u), static_cast<int64_t>(v)), colour));
        }
    }
    if (differences.empty()) {
        return 1;
    }
    std::ranges::sort(differences);
    const std::size_t half = (differences.size() + 1) / 2;
    return std::accumulate(differences.begin(),
                           differences.begin() + static_cast<std::ptrdiff_t>(half), 0.0) /
           static_cast<double>(half);
}

}  // namespace

ColouredPoints swept_points(std::span<const TrainingView> views, int64_t count, uint64_t seed) {
    check(!views.empty(), "there are no views to place Gaussians in");
    const double spread = apart(views);
    const double depth = meeting_depth(views, spread > 0 ? 3 * spread : 1);
    std::vector<Lens> lenses;
    for (const TrainingView& view : views) {
        lenses.emplace_back(view.camera);
    }
    ColouredPoints points;
    points.positions.resize(static_cast<std::size_t>(3 * count));
    points.colours.resize(points.positions.size());
    parallel_for(count, [&](int64_t i) {
        std::mt19937_64 engine(seed + static_cast<uint64_t>(i));
        const auto uniform = [&] { return static_cast<double>(engine() >> 11) * 0x1p-53; };
        const TrainingView& view = views[engine() % views.size()];
        const auto x = static_cast<int64_t>(uniform() * static_cast<double>(view.camera.width));
        const auto y = static_cast<int64_t>(uniform() * static_cast<double>(view.camera.height));
        const Ray ray{view, x, y};
        const Vec3 colour = patch_colour(view, x, y);
        std::vector<double> differences;
        Vec3 best{};
        double least = std::numeric_limits<double>::infinity();
        for (int k = 0; k < kDepths; ++k) {
            const double part = (k + uniform()) / kDepths;
            const Vec3 point =
                ray.at(depth / (1 / kFarthest + part * (1 / kNearest - 1 / kFarthest)));
            const double cost = disagreement(views, lenses, view, point, colour, differences);
            if (cost < least - kIndifference) {
                least = cost;
                best = point;
            }
        }
        const uint8_t* pixel = view.image.data<uint8_t>() + 3 * (y * view.camera.width + x);
        for (std::size_t k = 0; k < 3; ++k) {
            points.positions[static_cast<std::size_t>(3 * i) + k] = static_cast<float>(best[k]);
            points.colours[static_cast<std::size_t>(3 * i) + k] =
                static_cast<float>(pixel[k]) / 255.F;
        }
    });
    return points;
}

Attributes<float> gaussians_at(const ColouredPoints& points, int sh_degree, double size) {
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
                static_cast<float>((static_cast<double>(points.colours[3 * i + k]) - 0.5) / kSh0);
        }
    }
    return g;
}

double scene_extent(std::span<const TrainingView> views, const ColouredPoints& points) {
    const double extent = 1.1 * apart(views);
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
