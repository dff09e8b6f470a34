#pragma once

#include "gaussians/raster/render.h"

namespace longtake::cli {

// Grey images [H, W, 3] of what a picture holds beside its colour, on the CPU.
Tensor alpha_image(const Tensor& alpha);

// Brightness is `nearest` / depth, times alpha: white at `nearest`, half as bright at twice that.
Tensor depth_image(const gaussians::Picture& picture, float nearest);

// The depth that a fiftieth of the covered pixels is nearer than; 1 where nothing is covered.
float nearest_depth(const gaussians::Picture& picture);

}  // namespace longtake::cli
