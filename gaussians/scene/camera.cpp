#include "gaussians/scene/camera.h"

namespace longtake::gaussians {

std::array<double, 3> Camera::centre() const {
    std::array<double, 3> c{};
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
            c[i] -= rotation[3 * j + i] * translation[j];
        }
    }
    return c;
}

Camera Camera::resized(int64_t new_width, int64_t new_height) const {
    const double x = static_cast<double>(new_width) / static_cast<double>(width);
    const double y = static_cast<double>(new_height) / static_cast<double>(height);
    Camera camera = *this;
    camera.width = new_width;
    camera.height = new_height;
    camera.fx *= x;
    camera.cx *= x;
    camera.fy *= y;
    camera.cy *= y;
    return camera;
}

}  // namespace longtake::gaussians
