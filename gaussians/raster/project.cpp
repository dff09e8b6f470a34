#include "gaussians/raster/project.h"

#include "core/parallel.h"
#include "gaussians/raster/spherical_harmonics.h"

#include <algorithm>
#include <cmath>

namespace longtake::gaussians {
namespace {

constexpr double kMostReach = 1e9;  // pixels; beyond it, single precision has no squares to spare

// Colour of Gaussian i seen from `centre`, before it is kept from being negative.
template <typename Scalar>
Vec3 colour_of(const AttributeView<Scalar>& g, int64_t i, int degree, const Vec3& centre) {
    const Vec3 mean = load3(g.means + 3 * i);
    Vec3 d{mean[0] - centre[0], mean[1] - centre[1], mean[2] - centre[2]};
    const double scale = 1 / std::sqrt(dot(d, d));
    std::array<double, kShBases> bases;
    sh_bases(degree, {d[0] * scale, d[1] * scale, d[2] * scale}, bases);
    Vec3 colour = load3(g.sh_dc + 3 * i);
    for (double& c : colour) {
        c = 0.5 + bases[0] * c;
    }
    const Scalar* rest = g.sh_rest + 3 * sh_rest_count(g.sh_degree) * i;
    for (int64_t k = 0; k < sh_rest_count(degree); ++k) {
        for (std::size_t c = 0; c < 3; ++c) {
            colour[c] += bases[static_cast<std::size_t>(k) + 1] *
                         static_cast<double>(rest[3 * k + static_cast<int64_t>(c)]);
        }
    }
    return colour;
}

}  // namespace

Frustum::Frustum(const Camera& c)
    : fx(c.fx), fy(c.fy), cx(c.cx), cy(c.cy), translation(c.translation), centre(c.centre()) {
    const double w = static_cast<double>(c.width), h = static_cast<double>(c.height);
    const double margin_x = 0.15 * w / fx, margin_y = 0.15 * h / fy;
    least_x = -cx / fx - margin_x;
    most_x = (w - cx) / fx + margin_x;
    least_y = -cy / fy - margin_y;
    most_y = (h - cy) / fy + margin_y;
    for (std::size_t i = 0; i < 9; ++i) {
        rotation[i / 3][i % 3] = c.rotation[i];
    }
}

Vec3 to_camera(const Frustum& frustum, const Vec3& mean) {
    Vec3 t = frustum.rotation * mean;
    for (std::size_t i = 0; i < 3; ++i) {
        t[i] += frustum.translation[i];
    }
    return t;
}

template <typename Scalar>
Footprint footprint_of(const AttributeView<Scalar>& g, int64_t i, const Vec3& t,
                       const Frustum& frustum) {
    Footprint f;
    f.position = t;
    f.unit = unit_quaternion(g.rotations + 4 * i, &f.norm);
    f.turn = rotation_of(f.unit);
    for (std::size_t k = 0; k < 3; ++k) {
        f.scales[k] = std::exp(static_cast<double>(g.log_scales[3 * i + static_cast<int64_t>(k)]));
    }
    const Mat3 root = scaled(f.turn, f.scales);
    f.covariance3 = root * transposed(root);

    const double x = t[0] / t[2], y = t[1] / t[2];
    f.near[0] = std::clamp(x, frustum.least_x, frustum.most_x);
    f.near[1] = std::clamp(y, frustum.least_y, frustum.most_y);
    f.inside[0] = x == f.near[0];
    f.inside[1] = y == f.near[1];
    const Mat23 jacobian{{{frustum.fx / t[2], 0, -frustum.fx * f.near[0] / t[2]},
                          {0, frustum.fy / t[2], -frustum.fy * f.near[1] / t[2]}}};
    f.map = jacobian * frustum.rotation;
    f.covariance2 = f.map * f.covariance3 * transposed(f.map);
    f.covariance2[0][0] += kLowPass;
    f.covariance2[1][1] += kLowPass;
    return f;
}

template <typename Scalar>
void project(const AttributeView<Scalar>& g, const Camera& camera, const RenderOptions& options,
             std::vector<Splat<Scalar>>& splats) {
    const Frustum frustum(camera);
    const int degree = std::min(options.sh_degree, g.sh_degree);
    splats.resize(static_cast<std::size_t>(g.count));
    parallel_for(g.count, [&](int64_t i) {
        Splat<Scalar>& s = splats[static_cast<std::size_t>(i)];
        s.reach_x = s.reach_y = 0;
        const Vec3 t = to_camera(frustum, load3(g.means + 3 * i));
        const double opacity = 1 / (1 + std::exp(-static_cast<double>(g.opacities[i])));
        if (!(t[2] > options.near) || !(opacity > kMinAlpha)) {
            return;
        }
        const Footprint f = footprint_of(g, i, t, frustum);
        const double xx = f.covariance2[0][0], xy = f.covariance2[0][1], yy = f.covariance2[1][1];
        const double level = 2 * std::log(opacity / kMinAlpha);
        const double reach_x = std::sqrt(level * xx), reach_y = std::sqrt(level * yy);
        const double u = frustum.fx * t[0] / t[2] + frustum.cx,
                     v = frustum.fy * t[1] / t[2] + frustum.cy;
        if (!(reach_x < kMostReach && reach_y < kMostReach)) {
            return;
        }
        if (!(u + reach_x > 0 && v + reach_y > 0 &&
              u - reach_x < static_cast<double>(camera.width) &&
              v - reach_y < static_cast<double>(camera.height))) {
            return;
        }
        s.u = static_cast<Scalar>(u);
        s.v = static_cast<Scalar>(v);
        s.slope = static_cast<Scalar>(xy / yy);
        s.precision_x = static_cast<Scalar>(1 / (xx - xy * xy / yy));
        s.precision_y = static_cast<Scalar>(1 / yy);
        s.opacity = static_cast<Scalar>(opacity);
        const Vec3 colour = colour_of(g, i, degree, frustum.centre);
        for (std::size_t c = 0; c < 3; ++c) {
            s.colour[c] = static_cast<Scalar>(std::max(colour[c], 0.0));
        }
        s.depth = static_cast<Scalar>(t[2]);
        s.reach_x = static_cast<Scalar>(reach_x);
        s.reach_y = static_cast<Scalar>(reach_y);
    });
}

template Footprint footprint_of(const AttributeView<float>&, int64_t, const Vec3&, const Frustum&);
template Footprint footprint_of(const AttributeView<double>&, int64_t, const Vec3&, const Frustum&);
template void project(const AttributeView<float>&, const Camera&, const RenderOptions&,
                      std::vector<Splat<float>>&);
template void project(const AttributeView<double>&, const Camera&, const RenderOptions&,
                      std::vector<Splat<double>>&);

}  // namespace longtake::gaussians
