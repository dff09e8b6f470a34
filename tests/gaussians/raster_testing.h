#pragma once

#include "gaussians/raster/rasterizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace longtake::gaussians {

template <typename Scalar>
PlanarPicture<Scalar> picture_of(const Attributes<Scalar>& gaussians, const Camera& camera,
                                 const RenderOptions& options = {}) {
    Rasterizer<Scalar> rasterizer;
    PlanarPicture<Scalar> picture;
    rasterizer.forward(gaussians.view(), camera, options, picture);
    return picture;
}

template <typename Scalar>
CloudGradient<Scalar> gradient_of(const Attributes<Scalar>& gaussians, const Camera& camera,
                                  const RenderOptions& options,
                                  const PlanarPicture<Scalar>& by_picture) {
    Rasterizer<Scalar> rasterizer;
    PlanarPicture<Scalar> picture;
    CloudGradient<Scalar> gradient;
    rasterizer.forward(gaussians.view(), camera, options, picture);
    rasterizer.backward(gaussians.view(), picture, by_picture, gradient);
    return gradient;
}

template <typename A, typename B>
double max_difference(const std::vector<A>& a, const std::vector<B>& b) {
    EXPECT_EQ(a.size(), b.size());
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
        largest = std::max(largest, std::isnan(d) ? INFINITY : d);
    }
    return largest;
}

// Over colour, alpha and depth.
template <typename A, typename B>
double max_difference(const PlanarPicture<A>& a, const PlanarPicture<B>& b) {
    return std::max({max_difference(a.colour, b.colour), max_difference(a.alpha, b.alpha),
                     max_difference(a.depth, b.depth)});
}

// Normal deviates: the gradient of a loss that is linear in the picture.
template <typename Scalar = double>
PlanarPicture<Scalar> random_weights(const Camera& camera, unsigned seed) {
    std::mt19937 engine(seed);
    std::normal_distribution<double> normal;
    PlanarPicture<Scalar> weights(camera.height, camera.width);
    for (auto* plane : {&weights.colour, &weights.alpha, &weights.depth}) {
        std::ranges::generate(*plane, [&] { return static_cast<Scalar>(normal(engine)); });
    }
    return weights;
}

// Sets the values of dead tiles to 0.
template <typename Scalar>
PlanarPicture<Scalar> restricted(PlanarPicture<Scalar> picture, const Camera& camera,
                                 const std::vector<uint8_t>& tiles) {
    const TileGrid grid(camera.width, camera.height);
    const auto area = static_cast<std::size_t>(camera.width * camera.height);
    for (std::size_t i = 0; i < area; ++i) {
        const int64_t x = static_cast<int64_t>(i) % camera.width;
        const int64_t y = static_cast<int64_t>(i) / camera.width;
        if (tiles[static_cast<std::size_t>(y / kTileSide * grid.columns + x / kTileSide)] == 0) {
            picture.colour[i] = picture.colour[area + i] = picture.colour[2 * area + i] = 0;
            picture.alpha[i] = picture.depth[i] = 0;
        }
    }
    return picture;
}

}  // namespace longtake::gaussians
