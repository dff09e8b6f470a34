#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace longtake::gaussians {

// A pinhole camera, OpenCV axes (x right, y down, z forward). Lenses are undistorted on load.
struct Camera {
    int64_t width = 0, height = 0;  // pixels
    double fx = 0, fy = 0;          // focal lengths, pixels
    double cx = 0, cy = 0;          // principal point; the centre of the first pixel is (0.5, 0.5)
    // World to camera: x_camera = rotation x_world + translation; row-major, orthonormal.
    std::array<double, 9> rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
    std::array<double, 3> translation{};

    std::array<double, 3> centre() const;  // in the world
    // The same view with pictures of another size.
    Camera resized(int64_t new_width, int64_t new_height) const;
};

}  // namespace longtake::gaussians
