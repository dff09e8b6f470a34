#include "gaussians/raster/project_backward.h"

#include "core/parallel.h"
#include "gaussians/raster/spherical_harmonics.h"

#include <algorithm>
#include <cmath>

namespace longtake::gaussians {
namespace {

template <typename Scalar>
SplatGradient<double> sum_slots(const TileLists& lists,
                                const std::vector<SplatGradient<Scalar>>& slots, std::size_t i) {
    SplatGradient<double> sum{};
    for (int32_t k = lists.slot_begin[i]; k < lists.slot_begin[i + 1]; ++k) {
        const SplatGradient<Scalar>& s = slots[static_cast<std::size_t>(k)];
        sum.u += s.u;
        sum.v += s.v;
        sum.slope += s.slope;
        sum.precision_x += s.precision_x;
        sum.precision_y += s.precision_y;
        sum.opacity += s.opacity;
        for (std::size_t c = 0; c < 3; ++c) {
            sum.colour[c] += s.colour[c];
        }
        sum.depth += s.depth;
        sum.abs_u += s.abs_u;
        sum.abs_v += s.abs_v;
    }
    return sum;
}

// By the covariance in pixels, through the completed square of Splat.
Mat2 by_covariance2(const SplatGradient<double>& by, const Mat2& covariance) {
    const double yy = covariance[1][1], slope = covariance[0][1] / yy, precision_y = 1 / yy;
    const double precision_x = 1 / (covariance[0][0] - covariance[0][1] * slope);
    const double a = precision_x * precision_x * by.precision_x;
    const double s = precision_y * by.slope;
    const double half_xy = a * slope + 0.5 * s;
    return {{{-a, half_xy},
             {half_xy, -slope * (a * slope + s) - precision_y * precision_y * by.precision_y}}};
}

// By the centre in the camera, through the Jacobian, of which the gradient is `by`.
Vec3 through_jacobian(const Mat23& by, const Footprint& f, const Frustum& frustum) {
    const double z = f.position[2];
    Vec3 t{0, 0, -(frustum.fx * by[0][0] + frustum.fy * by[1][1]) / (z * z)};
    const std::array<double, 2> focal{frustum.fx, frustum.fy};
    for (std::size_t k = 0; k < 2; ++k) {
        // The last column is -focal near / z, where near is position / z within the limits.
        const double slope = focal[k] / (z * z) * by[k][2];
        t[2] += slope * f.near[k] * (f.inside[k] ? 2 : 1);
        t[k] = f.inside[k] ? -slope : 0;
    }
    return t;
}

// By the quaternion as it is stored, from the gradient by its rotation matrix.
std::array<double, 4> by_quaternion(const Mat3& d, const Footprint& f) {
    const auto [w, x, y, z] = f.unit;
    std::array<double, 4> by{
        2 * (z * (d[1][0] - d[0][1]) + y * (d[0][2] - d[2][0]) + x * (d[2][1] - d[1][2])),
        2 * (y * (d[1][0] + d[0][1]) + z * (d[2][0] + d[0][2]) + w * (d[2][1] - d[1][2])) -
            4 * x * (d[2][2] + d[1][1]),
        2 * (x * (d[1][0] + d[0][1]) + w * (d[0][2] - d[2][0]) + z * (d[1][2] + d[2][1])) -
            4 * y * (d[2][2] + d[0][0]),
        2 * (w * (d[1][0] - d[0][1]) + x * (d[2][0] + d[0][2]) + y * (d[1][2] + d[2][1])) -
            4 * z * (d[1][1] + d[0][0])};
    const double along = by[0] * w + by[1] * x + by[2] * y + by[3] * z;
    for (std::size_t k = 0; k < 4; ++k) {
        by[k] = (by[k] - along * f.unit[k]) / f.norm;
    }
    return by;
}

// Writes the gradients by the harmonics; returns that by the Gaussian's centre.
template <typename Scalar>
Vec3 through_colour(const AttributeView<Scalar>& g, int64_t i, int degree, const Vec3& by_colour,
                    const Vec3& centre, Attributes<Scalar>& out) {
    const Vec3 mean = load3(g.means + 3 * i);
    Vec3 d{mean[0] - centre[0], mean[1] - centre[1], mean[2] - centre[2]};
    const double distance = std::sqrt(dot(d, d));
    for (double& v : d) {
        v /= distance;
    }
    std::array<double, kShBases> bases;
    std::array<Vec3, kShBases> slopes;
    sh_bases(degree, d, bases);
    sh_gradients(degree, d, slopes);
    for (std::size_t c = 0; c < 3; ++c) {
        out.sh_dc[static_cast<std::size_t>(3 * i) + c] =
            static_cast<Scalar>(bases[0] * by_colour[c]);
    }
    Vec3 by_direction{};
    const int64_t first = 3 * sh_rest_count(g.sh_degree) * i;
    for (int64_t k = 0; k < sh_rest_count(degree); ++k) {
        const auto base = static_cast<std::size_t>(k) + 1;
        const int64_t at = first + 3 * k;
        const double along = dot(load3(g.sh_rest + at), by_colour);
        for (std::size_t c = 0; c < 3; ++c) {
            out.sh_rest[static_cast<std::size_t>(at) + c] =
                static_cast<Scalar>(bases[base] * by_colour[c]);
            by_direction[c] += slopes[base][c] * along;
        }
    }
    const double radial = dot(by_direction, d);
    for (std::size_t c = 0; c < 3; ++c) {
        by_direction[c] = (by_direction[c] - radial * d[c]) / distance;
    }
    return by_direction;
}

template <typename Scalar>
void gaussian_backward(const AttributeView<Scalar>& g, int64_t i, const Frustum& frustum,
                       int degree, const Splat<Scalar>& splat, const SplatGradient<double>& by,
                       Attributes<Scalar>& out) {
    const Footprint f = footprint_of(g, i, to_camera(frustum, load3(g.means + 3 * i)), frustum);
    const Mat2 by2 = by_covariance2(by, f.covariance2);
    const Mat3 by3 = transposed(f.map) * by2 * f.map;
    Mat23 by_map = by2 * f.map * f.covariance3;
    for (auto& row : by_map) {
        for (double& v : row) {
            v *= 2;
        }
    }

    Vec3 t = through_jacobian(by_map * transposed(frustum.rotation), f, frustum);
    const auto [x, y, z] = f.position;
    t[0] += frustum.fx * by.u / z;
    t[1] += frustum.fy * by.v / z;
    t[2] += by.depth - (frustum.fx * x * by.u + frustum.fy * y * by.v) / (z * z);
    Vec3 mean = transposed(frustum.rotation) * t;

    Vec3 by_colour;  // none where the colour is kept from being negative
    for (std::size_t c = 0; c < 3; ++c) {
        by_colour[c] = splat.colour[c] > 0 ? by.colour[c] : 0;
    }
    const Vec3 view = through_colour(g, i, degree, by_colour, frustum.centre, out);

    Mat3 by_root = by3 * scaled(f.turn, f.scales);
    for (auto& row : by_root) {
        for (double& v : row) {
            v *= 2;
        }
    }
    const std::array<double, 4> quaternion = by_quaternion(scaled(by_root, f.scales), f);
    const auto at = static_cast<std::size_t>(i);
    for (std::size_t k = 0; k < 3; ++k) {
        double scale = 0;
        for (std::size_t r = 0; r < 3; ++r) {
            scale += f.turn[r][k] * by_root[r][k];
        }
        out.log_scales[3 * at + k] = static_cast<Scalar>(scale * f.scales[k]);
        out.means[3 * at + k] = static_cast<Scalar>(mean[k] + view[k]);
    }
    for (std::size_t k = 0; k < 4; ++k) {
        out.rotations[4 * at + k] = static_cast<Scalar>(quaternion[k]);
    }
    const double opacity = splat.opacity;
    out.opacities[at] = static_cast<Scalar>(by.opacity * opacity * (1 - opacity));
}

}  // namespace

template <typename Scalar>
void project_backward(const AttributeView<Scalar>& g, const Camera& camera,
                      const RenderOptions& options, const std::vector<Splat<Scalar>>& splats,
                      const TileLists& lists, const std::vector<SplatGradient<Scalar>>& slots,
                      CloudGradient<Scalar>& out) {
    const Frustum frustum(camera);
    const int degree = std::min(options.sh_degree, g.sh_degree);
    const double half_width = 0.5 * static_cast<double>(camera.width);
    const double half_height = 0.5 * static_cast<double>(camera.height);
    out.attributes.resize(g.count, g.sh_degree);
    for (auto* column : out.attributes.columns()) {
        std::fill(column->begin(), column->end(), Scalar{0});
    }
    out.screen.assign(static_cast<std::size_t>(2 * g.count), 0);
    out.screen_magnitude.assign(static_cast<std::size_t>(2 * g.count), 0);
    parallel_for(g.count, [&](int64_t i) {
        const auto at = static_cast<std::size_t>(i);
        if (lists.slot_begin[at] == lists.slot_begin[at + 1]) {
            return;
        }
        const SplatGradient<double> by = sum_slots(lists, slots, at);
        out.screen[2 * at] = static_cast<Scalar>(by.u * half_width);
        out.screen[2 * at + 1] = static_cast<Scalar>(by.v * half_height);
        out.screen_magnitude[2 * at] = static_cast<Scalar>(by.abs_u * half_width);
        out.screen_magnitude[2 * at + 1] = static_cast<Scalar>(by.abs_v * half_height);
        gaussian_backward(g, i, frustum, degree, splats[at], by, out.attributes);
    });
}

template void project_backward(const AttributeView<float>&, const Camera&, const RenderOptions&,
                               const std::vector<Splat<float>>&, const TileLists&,
                               const std::vector<SplatGradient<float>>&, CloudGradient<float>&);
template void project_backward(const AttributeView<double>&, const Camera&, const RenderOptions&,
                               const std::vector<Splat<double>>&, const TileLists&,
                               const std::vector<SplatGradient<double>>&, CloudGradient<double>&);

}  // namespace longtake::gaussians
