#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace longtake {

// A pinhole camera, OpenCV axes (x right, y down, z forward).
struct Pinhole {
    int64_t width = 0, height = 0;  // pixels
    double fx = 0, fy = 0;          // focal lengths, pixels
    double cx = 0, cy = 0;          // principal point; the centre of the first pixel is (0.5, 0.5)
    // World to camera: x_camera = rotation x_world + translation; row-major, orthonormal.
    std::array<double, 9> rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
    std::array<double, 3> translation{};

    std::array<double, 3> centre() const;  // in the world
    // A point of the world in the camera's axes; where that is in the picture, in pixels, if it is
    // before the camera; and the point that is so far along the axis behind a pixel.
    std::array<double, 3> seen(const std::array<double, 3>& world) const;
    std::array<double, 2> projected(const std::array<double, 3>& in_camera) const {
        return {fx * in_camera[0] / in_camera[2] + cx, fy * in_camera[1] / in_camera[2] + cy};
    }
    std::array<double, 3> unprojected(double x, double y, double depth) const;
    // The same view with pictures of another size.
    Pinhole resized(int64_t new_width, int64_t new_height) const;
    bool operator==(const Pinhole&) const = default;
};

}  // namespace longtake
