#include "gaussians/scene/datasets/calibrated_camera.h"

#include "core/error.h"
#include "core/image.h"
#include "gaussians/scene/small_matrix.h"

#include <cmath>

namespace longtake::gaussians {

Camera calibrated_camera(double width, double height, double fx, double fy) {
    check_input(width >= 1 && height >= 1 && width <= kMaxImageSide && height <= kMaxImageSide,
                "it has a camera of {}x{} pixels", width, height);
    check_input(fx > 0 && fy > 0 && std::isfinite(fx) && std::isfinite(fy),
                "it has a camera without a focal length");
    Camera camera{.width = static_cast<int64_t>(width), .height = static_cast<int64_t>(height)};
    camera.fx = fx;
    camera.fy = fy;
    camera.cx = 0.5 * static_cast<double>(camera.width);
    camera.cy = 0.5 * static_cast<double>(camera.height);
    return camera;
}

void set_rotation(Camera& camera, const std::array<double, 4>& quaternion) {
    const auto& [w, x, y, z] = quaternion;
    const double length = std::hypot(std::hypot(w, x), std::hypot(y, z));
    check_input(std::isfinite(length) && length > 0, "it has a camera without a rotation");
    const Mat3 rotation = rotation_of({w / length, x / length, y / length, z / length});
    for (size_t i = 0; i < 9; ++i) {
        camera.rotation[i] = rotation[i / 3][i % 3];
    }
}

}  // namespace longtake::gaussians
