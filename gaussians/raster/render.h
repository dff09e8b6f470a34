#pragma once

#include "core/tensor.h"
#include "gaussians/raster/tiles.h"
#include "gaussians/scene/camera.h"
#include "gaussians/scene/cloud.h"

#include <array>
#include <cstdint>
#include <vector>

// Pictures of Gaussians (Kerbl et al. 2023, "3D Gaussian Splatting"), with gsplat's conventions
// where they differ from the original's:
//   - the centre of the first pixel is (0.5, 0.5); u = fx x / z + cx;
//   - the Jacobian of the projection is taken at x / z clamped to the field of view and 0.15 of its
//     width beyond either side, wherever the principal point is; its z-derivative is the exact one;
//   - no gradient passes where alpha is clipped to 0.99;
//   - a Gaussian reaches as far as its alpha is at least 1/255, rather than 3 sigma;
//   - a pixel ends before the Gaussian that would leave 1e-4 of its light or less.
// The low-pass is 0.3 px^2 on the diagonal, without compensation of opacity.
namespace longtake::gaussians {

struct RenderOptions {
    std::array<float, 3> background{};  // red, green, blue
    double near = 0.01;                 // Gaussians whose centre is nearer are left out
    int sh_degree = kMaxShDegree;       // higher degrees of the cloud are left out
    std::vector<uint8_t> tiles{};       // TileGrid::alive; empty: all
};

// fp32. Pixels of dead tiles are 0.
struct Picture {
    Tensor colour;  // [3, H, W] 0..1, not clipped
    Tensor alpha;   // [H, W]
    Tensor depth;   // [H, W] sum of weight times depth: divide by alpha for the expected depth
};

// The gradient of a loss by a cloud, as CloudGradient, on the cloud's device.
struct GradientTensors {
    Cloud attributes;
    Tensor screen, screen_magnitude;  // [N, 2]
    Tensor tiles;                     // [N] int32: how many each Gaussian meets
};

// On the cloud's device, done when it returns. Throws Error for a picture of no pixels.
Picture render(const Cloud& cloud, const Camera& camera, const RenderOptions& options = {});

}  // namespace longtake::gaussians
