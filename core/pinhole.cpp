#include "core/pinhole.h"

namespace longtake {

std::array<double, 3> Pinhole::centre() const {
    std::array<double, 3> c{};
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
            c[i] -= rotation[3 * j + i] * translation[j];
        }
    }
    return c;
}

std::array<double, 3> Pinhole::seen(const std::array<double, 3>& world) const {
    std::array<double, 3> c = translation;
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
            c[i] += rotation[3 * i + j] * world[j];
        }
    }
    return c;
}

std::array<double, 3> Pinhole::unprojected(double x, double y, double depth) const {
    const std::array<double, 3> from{(x - cx) / fx * depth - translation[0],
                                     (y - cy) / fy * depth - translation[1],
                                     depth - translation[2]};
    std::array<double, 3> world{};
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
            world[i] += rotation[3 * j + i] * from[j];
        }
    }
    return world;
}

Pinhole Pinhole::resized(int64_t new_width, int64_t new_height) const {
    const double x = static_cast<double>(new_width) / static_cast<double>(width);
    const double y = static_cast<double>(new_height) / static_cast<double>(height);
    Pinhole camera = *this;
    camera.width = new_width;
    camera.height = new_height;
    camera.fx *= x;
    camera.cx *= x;
    camera.fy *= y;
    camera.cy *= y;
    return camera;
}

}  // namespace longtake
