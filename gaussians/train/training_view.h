#pragma once

#include "core/tensor.h"
#include "gaussians/scene/camera.h"

#include <vector>

namespace longtake::gaussians {

// What a camera saw.
struct TrainingView {
    Camera camera;
    Tensor image;  // [H, W, 3] 8-bit sRGB, of the camera's size, on either device
};

// The image as [3, H, W] of 0..1. Throws Error when it is not of its camera's size.
std::vector<float> planes_of(const TrainingView& view);

}  // namespace longtake::gaussians
