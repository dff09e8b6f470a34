#include "gaussians/raster/project_backward.h"

#include "core/parallel.h"
#include "gaussians/raster/footprint_backward.h"

#include <algorithm>

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

template <typename Scalar>
void gaussian_backward(const AttributeView<Scalar>& g, int64_t i, const Frustum& frustum,
                       int degree, const Splat<Scalar>& splat, const SplatGradient<double>& by,
                       Attributes<Scalar>& out) {
    const ShapeGradient shape = shape_backward(g, i, frustum, by);
    Vec3 by_colour;  // none where the colour is kept from being negative
    for (std::size_t c = 0; c < 3; ++c) {
        by_colour[c] = splat.colour[c] > 0 ? by.colour[c] : 0;
    }
    const int64_t rest = 3 * sh_rest_count(g.sh_degree) * i;
    const Vec3 view =
        colour_backward(Sight<double>(g.means + 3 * i, frustum.centre), degree, by_colour,
                        g.sh_rest + rest, out.sh_dc.data() + 3 * i, out.sh_rest.data() + rest);
    const auto at = static_cast<std::size_t>(i);
    for (std::size_t k = 0; k < 3; ++k) {
        out.log_scales[3 * at + k] = static_cast<Scalar>(shape.log_scales[k]);
        out.means[3 * at + k] = static_cast<Scalar>(shape.mean[k] + view[k]);
    }
    for (std::size_t k = 0; k < 4; ++k) {
        out.rotations[4 * at + k] = static_cast<Scalar>(shape.rotation[k]);
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
