#pragma once

#include "core/tensor.h"
#include "gaussians/scene/camera.h"

namespace longtake::gaussians {

// What a camera saw.
struct TrainingView {
    Camera camera;
    Tensor image;  // [H, W, 3] 8-bit sRGB, of the camera's size
};

}  // namespace longtake::gaussians
