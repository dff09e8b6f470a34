#include "generator/control/plane_camera.h"

#include <cmath>

namespace longtake::generator {
namespace {

constexpr double kNearest = 0.05;

}  // namespace

PlaneCamera moved(PlaneCamera camera, const CameraMove& move, double seconds) {
    camera.x += seconds * (move.right + move.yaw) * camera.distance;
    camera.y += seconds * (move.down + move.pitch) * camera.distance;
    camera.distance *= std::exp(-seconds * move.forward);
    camera.orbit += seconds * move.orbit;
    camera.roll += seconds * move.roll;
    return camera;
}

// The plane turns instead of the camera: about its own middle, then the camera is off it.
PicturePoint project(const PlaneCamera& camera, PlanePoint point, double width, double height) {
    const double across = point.x * std::cos(camera.orbit) - camera.x;
    const double along = point.y - camera.y;
    const double depth = camera.distance - point.x * std::sin(camera.orbit);
    const double c = std::cos(camera.roll), s = std::sin(camera.roll);
    const double x = c * across + s * along, y = c * along - s * across;
    return {width / 2 + width * x / depth, height / 2 + width * y / depth, depth > kNearest};
}

PlanePoint unproject(const PlaneCamera& camera, double x, double y, double width, double height) {
    const double u = (x - width / 2) / width, v = (y - height / 2) / width;
    const double c = std::cos(camera.roll), s = std::sin(camera.roll);
    const double across = c * u - s * v, along = s * u + c * v;  // of depth 1
    // X cos - x0 = across (d - X sin)
    const double X = (camera.x + across * camera.distance) /
                     (std::cos(camera.orbit) + across * std::sin(camera.orbit));
    const double depth = camera.distance - X * std::sin(camera.orbit);
    return {X, camera.y + along * depth};
}

}  // namespace longtake::generator
