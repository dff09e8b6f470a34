#include "generator/control/camera_pose.h"

#include "core/error.h"

#include <cmath>

namespace longtake::generator {

void set_pose(Pinhole& camera, std::span<const double> camera_to_world, CameraAxes axes) {
    check_input(camera_to_world.size() == 12 || camera_to_world.size() == 16,
                "a pose is {} numbers, not 4x4", camera_to_world.size());
    const auto m = [&](std::size_t row, std::size_t column) {
        return camera_to_world[4 * row + column];
    };
    for (std::size_t i = 0; i < 3; ++i) {
        const double sign = i > 0 && axes == CameraAxes::OpenGl ? -1 : 1;
        const double length = std::hypot(m(0, i), m(1, i), m(2, i));
        check_input(length > 1e-9 && std::isfinite(length), "a pose has no rotation");
        camera.translation[i] = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            check_input(std::isfinite(m(j, 3)), "a pose is nowhere");
            camera.rotation[3 * i + j] = sign * m(j, i) / length;
            camera.translation[i] -= camera.rotation[3 * i + j] * m(j, 3);
        }
    }
}

}  // namespace longtake::generator
