#include "gaussians/raster/project.h"

#include "core/parallel.h"

#include <algorithm>

namespace longtake::gaussians {

Frustum::Frustum(const Camera& c)
    : fx(c.fx),
      fy(c.fy),
      cx(c.cx),
      cy(c.cy),
      width(static_cast<double>(c.width)),
      height(static_cast<double>(c.height)),
      translation(c.translation),
      centre(c.centre()) {
    const double margin_x = 0.15 * width / fx, margin_y = 0.15 * height / fy;
    least_x = -cx / fx - margin_x;
    most_x = (width - cx) / fx + margin_x;
    least_y = -cy / fy - margin_y;
    most_y = (height - cy) / fy + margin_y;
    for (std::size_t i = 0; i < 9; ++i) {
        rotation[i / 3][i % 3] = c.rotation[i];
    }
}

template <typename Scalar>
void project(const AttributeView<Scalar>& g, const Camera& camera, const RenderOptions& options,
             std::vector<Splat<Scalar>>& splats) {
    const Frustum frustum(camera);
    const int degree = std::min(options.sh_degree, g.sh_degree);
    splats.resize(static_cast<std::size_t>(g.count));
    parallel_for(g.count, [&](int64_t i) {
        Splat<Scalar>& s = splats[static_cast<std::size_t>(i)];
        if (!shape_of(g, i, frustum, options.near, s)) {
            return;
        }
        const auto colour =
            colour_of(Sight<double>(g.means + 3 * i, frustum.centre), degree, g.sh_dc + 3 * i,
                      g.sh_rest + 3 * sh_rest_count(g.sh_degree) * i);
        for (std::size_t c = 0; c < 3; ++c) {
            s.colour[c] = static_cast<Scalar>(std::max(colour[c], 0.0));
        }
    });
}

template void project(const AttributeView<float>&, const Camera&, const RenderOptions&,
                      std::vector<Splat<float>>&);
template void project(const AttributeView<double>&, const Camera&, const RenderOptions&,
                      std::vector<Splat<double>>&);

}  // namespace longtake::gaussians
