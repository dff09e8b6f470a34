#include "gaussians/train/swept_points.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/raster/project.h"

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
        depth += to_camera(Frustum(view.camera), point)[2] / static_cast<double>(views.size());
    }
    return depth > 0 ? depth : fallback;
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

double difference(const Vec3& a, const Vec3& b) {
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

// How much the views disagree about the colour of a point: the mean difference over the better half
// of the views that have it in their picture, for the others may have something in front.
double disagreement(std::span<const TrainingView> views, std::span<const Frustum> frusta,
                    const TrainingView& own, const Vec3& point, const Vec3& colour,
                    std::vector<double>& differences) {
    differences.clear();
    for (std::size_t i = 0; i < views.size(); ++i) {
        const Vec3 t = to_camera(frusta[i], point);
        if (&views[i] == &own || t[2] <= 0) {
            continue;
        }
        const double u = std::floor(frusta[i].fx * t[0] / t[2] + frusta[i].cx);
        const double v = std::floor(frusta[i].fy * t[1] / t[2] + frusta[i].cy);
        if (u >= 0 && v >= 0 && u < static_cast<double>(views[i].camera.width) &&
            v < static_cast<double>(views[i].camera.height)) {
            differences.push_back(difference(
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

Points swept_points(std::span<const TrainingView> views, int64_t count, uint64_t seed) {
    check(!views.empty(), "there are no views to place Gaussians in");
    const double spread = spread_of(views);
    const double depth = meeting_depth(views, spread > 0 ? 3 * spread : 1);
    std::vector<Frustum> frusta;
    for (const TrainingView& view : views) {
        frusta.emplace_back(view.camera);
    }
    Points points;
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
            const double cost = disagreement(views, frusta, view, point, colour, differences);
            if (cost < least - kIndifference) {
                least = cost;
                best = point;
            }
        }
        const uint8_t* pixel = view.image.data<uint8_t>() + 3 * (y * view.camera.width + x);
        for (std::size_t k = 0; k < 3; ++k) {
            points.positions[static_cast<std::size_t>(3 * i) + k] = static_cast<float>(best[k]);
            points.colours[static_cast<std::size_t>(3 * i) + k] = pixel[k];
        }
    });
    return points;
}

}  // namespace longtake::gaussians
