#pragma once

#include "gaussians/raster/blend.h"
#include "gaussians/raster/project.h"

#include <vector>

namespace longtake::gaussians {

// Gradient of a loss by a cloud. Gaussians that the picture does not show have zeros.
template <typename Scalar> struct CloudGradient {
    Attributes<Scalar> attributes;
    // By the centre (u, v) in the picture, [N, 2], in units of half its width and height, in which
    // the thresholds of density control are given; and the sum over pixels of the magnitudes of
    // what makes it up ("absgrad", Ye et al. 2024).
    std::vector<Scalar> screen, screen_magnitude;
};

// The gradient of `project` for what the tiles have gathered in `slots`, summed in the order of the
// lists.
template <typename Scalar>
void project_backward(const AttributeView<Scalar>& gaussians, const Camera& camera,
                      const RenderOptions& options, const std::vector<Splat<Scalar>>& splats,
                      const TileLists& lists, const std::vector<SplatGradient<Scalar>>& slots,
                      CloudGradient<Scalar>& out);

}  // namespace longtake::gaussians
