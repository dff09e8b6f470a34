#pragma once

#include "gaussians/raster/attributes.h"
#include "gaussians/raster/render.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/scene/camera.h"
#include "gaussians/train/training_view.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

// Random Gaussians and cameras for tests.
namespace longtake::gaussians {

// A picture of odd size, seen askew by a camera whose principal point is off the middle.
inline Camera test_camera(int64_t width = 45, int64_t height = 35) {
    const double a = 0.2, b = -0.15;
    Camera camera{.width = width, .height = height, .fx = 40, .fy = 44, .cx = 17.3, .cy = 20.6};
    camera.rotation = {std::cos(a),
                       0,
                       std::sin(a),
                       std::sin(a) * std::sin(b),
                       std::cos(b),
                       -std::cos(a) * std::sin(b),
                       -std::sin(a) * std::cos(b),
                       std::sin(b),
                       std::cos(a) * std::cos(b)};
    camera.translation = {0.1, -0.2, 0.3};
    return camera;
}

struct SceneOptions {
    int64_t count = 40;
    int sh_degree = 3;
    double scale = 0.15;   // scene units
    double opacity = 0.5;  // logit
    double spread = 1.2;   // across the view, beyond whose limits some lie
};

// In front of test_camera, at depths of 2 to 5.
inline Attributes<double> random_gaussians(unsigned seed, const SceneOptions& options = {}) {
    std::mt19937 engine(seed);
    const auto normal = [&] { return std::normal_distribution<double>()(engine); };
    const auto uniform = [&](double low, double high) {
        return std::uniform_real_distribution<double>(low, high)(engine);
    };
    Attributes<double> g(options.count, options.sh_degree);
    for (std::size_t i = 0; i < static_cast<std::size_t>(g.count); ++i) {
        const double depth = uniform(2, 5);
        g.means[3 * i] = depth * options.spread * uniform(-0.6, 0.6);
        g.means[3 * i + 1] = depth * options.spread * uniform(-0.5, 0.5);
        g.means[3 * i + 2] = depth;
        g.opacities[i] = options.opacity + normal();
        for (std::size_t k = 0; k < 3; ++k) {
            g.log_scales[3 * i + k] = std::log(options.scale) + 0.7 * normal();
            g.sh_dc[3 * i + k] = 0.8 * normal();
        }
        for (std::size_t k = 0; k < 4; ++k) {
            g.rotations[4 * i + k] = normal();
        }
    }
    for (double& v : g.sh_rest) {
        v = 0.2 * normal();
    }
    return g;
}

// Flat, needle-thin, huge, tiny, just before the camera, without direction or not numbers at all.
inline Attributes<double> extreme_gaussians() {
    auto g = random_gaussians(16, {.count = 400, .sh_degree = 1});
    std::mt19937 engine(17);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (double& v : g.log_scales) {
        v = 25 * uniform(engine) * uniform(engine);
    }
    for (std::size_t i = 0; i < 400; i += 4) {
        g.means[3 * i + 2] = 0.1 * uniform(engine);
        g.opacities[i] = 30 * uniform(engine);
    }
    g.rotations[0] = g.rotations[1] = g.rotations[2] = g.rotations[3] = 0;
    g.means[15] = g.log_scales[20] = g.opacities[9] = NAN;
    return g;
}

template <typename To, typename From> Attributes<To> converted(const Attributes<From>& from) {
    Attributes<To> to(from.count, from.sh_degree);
    for (std::size_t i = 0; i < Attributes<To>::kColumns; ++i) {
        to.columns()[i]->assign(from.columns()[i]->begin(), from.columns()[i]->end());
    }
    return to;
}

// [3, H, W] of 0 to 1.
template <typename Scalar> std::vector<Scalar> random_image(unsigned seed, int64_t h, int64_t w) {
    std::mt19937 engine(seed);
    std::uniform_real_distribution<double> uniform(0, 1);
    std::vector<Scalar> image(static_cast<std::size_t>(3 * h * w));
    std::ranges::generate(image, [&] { return static_cast<Scalar>(uniform(engine)); });
    return image;
}

// Five cameras on an arc around random Gaussians.
inline std::vector<TrainingView> views_of(const Cloud& cloud) {
    std::vector<TrainingView> views;
    for (int i = 0; i < 5; ++i) {
        const double a = 0.2 * (i - 2);
        Camera c{.width = 64, .height = 48, .fx = 60, .fy = 60, .cx = 32, .cy = 24};
        c.rotation = {std::cos(a), 0, -std::sin(a), 0, 1, 0, std::sin(a), 0, std::cos(a)};
        // The cameras look at (0, 0, 3.5) from a distance of 3.5.
        c.translation = {3.5 * std::sin(a), 0, 3.5 - 3.5 * std::cos(a)};
        views.push_back({c, to_image(render(cloud, c).colour)});
    }
    return views;
}

}  // namespace longtake::gaussians
