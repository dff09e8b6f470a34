#pragma once

#include "gaussians/scene/dataset.h"

namespace longtake::cli {

// [H, W, 3]: the cameras and points of a dataset from the side and from above, and below them the
// first picture of each camera in the order of the names, in a frame of the camera's colour.
Tensor dataset_picture(gaussians::Dataset& dataset);

}  // namespace longtake::cli
