#pragma once

#include "gaussians/raster/footprint.h"
#include "gaussians/raster/render.h"

#include <vector>

namespace longtake::gaussians {

// Fills splats [N]; those that the picture cannot show have reach_y 0.
template <typename Scalar>
void project(const AttributeView<Scalar>& gaussians, const Camera& camera,
             const RenderOptions& options, std::vector<Splat<Scalar>>& splats);

}  // namespace longtake::gaussians
