#include "interactive/volume/camera_rig.h"

#include "gaussians/scene/vec3.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longtake::interactive {
namespace {

using gaussians::cross;
using gaussians::dot;
using gaussians::minus;
using gaussians::plus;
using gaussians::times;
using gaussians::unit;

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kSteepest = 89 * kDegree;
constexpr double kMargin = 1.25;  // around the bulk of a scene

}  // namespace

CameraRig::CameraRig(const Vec3& up) : up_(unit(up)), view_(50 * kDegree) {
    const Vec3 z{0, 0, 1}, x{1, 0, 0};
    const Vec3 forward = std::abs(up_[2]) < 0.9 ? z : x;
    ahead_ = unit(plus(forward, up_, -dot(forward, up_)));
    aside_ = cross(ahead_, up_);  // to the right, as y is down
}

Vec3 CameraRig::forward() const {
    const Vec3 level = plus(times(std::cos(yaw_), ahead_), aside_, std::sin(yaw_));
    return plus(times(std::cos(pitch_), level), up_, std::sin(pitch_));
}

Vec3 CameraRig::target() const {
    return plus(eye_, forward(), distance_);
}

void CameraRig::face(const Vec3& direction) {
    const Vec3 d = unit(direction);
    yaw_ = std::atan2(dot(d, aside_), dot(d, ahead_));
    pitch_ = std::clamp(std::asin(std::clamp(dot(d, up_), -1.0, 1.0)), -kSteepest, kSteepest);
}

void CameraRig::show(const gaussians::Extent& extent, double aspect) {
    const double half = std::atan(std::min(1.0, aspect) * std::tan(view_ / 2));
    yaw_ = 0;
    pitch_ = -12 * kDegree;
    distance_ = std::max(1e-3, kMargin * extent.radius) / std::sin(half);
    eye_ = plus(extent.centre, forward(), -distance_);
}

void CameraRig::stand(const gaussians::Camera& camera, const Vec3& pivot) {
    const auto& r = camera.rotation;
    eye_ = camera.centre();
    const Vec3 ahead{r[6], r[7], r[8]};
    face(ahead);
    const double far = dot(minus(pivot, eye_), ahead);
    distance_ = far > 0 ? far : distance_;
    view_ = 2 * std::atan(0.5 * static_cast<double>(camera.height) / camera.fy);
}

void CameraRig::stand(const gaussians::PathKey& key) {
    const Vec3 ahead = minus(key.target, key.position);
    eye_ = key.position;
    face(ahead);
    distance_ = gaussians::length(ahead);
    view_ = key.field_of_view;
}

void CameraRig::orbit(double right, double down) {
    const Vec3 pivot = target();
    look(right, down);
    eye_ = plus(pivot, forward(), -distance_);
}

void CameraRig::look(double right, double down) {
    yaw_ = std::remainder(yaw_ + right, 2 * std::numbers::pi);
    pitch_ = std::clamp(pitch_ - down, -kSteepest, kSteepest);
}

void CameraRig::pan(double right, double down) {
    const double height = 2 * distance_ * std::tan(view_ / 2);
    const Vec3 side = unit(cross(forward(), up_));
    const Vec3 top = cross(side, forward());
    eye_ = plus(plus(eye_, side, -right * height), top, down * height);
}

void CameraRig::dolly(double factor) {
    const Vec3 pivot = target();
    distance_ = std::clamp(distance_ * factor, 1e-4, 1e6);
    eye_ = plus(pivot, forward(), -distance_);
}

void CameraRig::move(double right, double up, double ahead) {
    const Vec3 side = unit(cross(forward(), up_));
    eye_ = plus(plus(plus(eye_, side, right), up_, up), forward(), ahead);
}

void CameraRig::set_field_of_view(double radians) {
    view_ = std::clamp(radians, 5 * kDegree, 140 * kDegree);
}

gaussians::Camera CameraRig::camera(int64_t width, int64_t height) const {
    return gaussians::look_at(eye_, target(), up_, view_, width, height);
}

}  // namespace longtake::interactive
