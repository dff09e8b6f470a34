#include "interactive/volume/subject.h"

#include "gaussians/scene/vec3.h"

namespace longtake::interactive {
namespace {

using gaussians::cross;
using gaussians::dot;
using gaussians::minus;
using gaussians::plus;
using gaussians::Vec3;

Vec3 axis_of(const gaussians::Camera& camera) {
    return {camera.rotation[6], camera.rotation[7], camera.rotation[8]};
}

}  // namespace

std::optional<gaussians::Extent> seen_by(const std::vector<gaussians::Camera>& cameras) {
    // The least squares of the distances to the axes: sum (1 - d d^T) p = sum (1 - d d^T) eye.
    const auto count = static_cast<double>(cameras.size());
    gaussians::Mat3 rows{};
    Vec3 wanted{};
    for (const gaussians::Camera& camera : cameras) {
        const Vec3 axis = axis_of(camera), eye = camera.centre();
        for (size_t i = 0; i < 3; ++i) {
            Vec3 row = gaussians::times(-axis[i], axis);
            row[i] += 1;
            rows[i] = plus(rows[i], row, 1 / count);
            wanted[i] += dot(row, eye) / count;
        }
    }
    const double determinant = dot(rows[0], cross(rows[1], rows[2]));
    constexpr double kParallel = 1e-3;  // of axes; 8/27 where they cross at right angles
    if (cameras.size() < 2 || determinant < kParallel) {
        return std::nullopt;
    }
    Vec3 point{};
    for (size_t i = 0; i < 3; ++i) {
        point = plus(point, cross(rows[(i + 1) % 3], rows[(i + 2) % 3]), wanted[i] / determinant);
    }
    double distance = 0;
    for (const gaussians::Camera& camera : cameras) {
        const Vec3 way = minus(point, camera.centre());
        if (dot(way, axis_of(camera)) <= 0) {  // behind one of them
            return std::nullopt;
        }
        distance += gaussians::length(way) / count;
    }
    return gaussians::Extent{.centre = point, .radius = distance / 2};
}

}  // namespace longtake::interactive
