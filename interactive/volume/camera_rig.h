#pragma once

#include "gaussians/scene/camera.h"
#include "gaussians/scene/camera_path.h"
#include "gaussians/scene/extent.h"

#include <array>

namespace longtake::interactive {

using Vec3 = std::array<double, 3>;  // in the world

// A camera that is held level and moved by hand: around what it looks at, or from where it stands.
class CameraRig {
  public:
    // World axes as cameras have them: y down.
    explicit CameraRig(const Vec3& up = {0, -1, 0});

    // Before the bulk of a scene, all of which is seen.
    void show(const gaussians::Extent& extent, double aspect);
    // Where a camera stood, around what is as far as `pivot`.
    void stand(const gaussians::Camera& camera, const Vec3& pivot);
    void stand(const gaussians::PathKey& key);

    // By radians, around the target or the eye.
    void orbit(double right, double down);
    void look(double right, double down);
    // By a share of the picture's height, so that what is at the target follows the pointer.
    void pan(double right, double down);
    void dolly(double factor);  // of the distance to the target
    // By scene units along right, up and forward; the target comes along.
    void move(double right, double up, double forward);
    void set_field_of_view(double radians);

    const Vec3& eye() const { return eye_; }
    Vec3 target() const;
    const Vec3& up() const { return up_; }
    double distance() const { return distance_; }
    double field_of_view() const { return view_; }
    // Standing there at a time of a path.
    gaussians::PathKey key(double time) const { return {time, eye_, target(), view_}; }
    gaussians::Camera camera(int64_t width, int64_t height) const;

  private:
    Vec3 forward() const;
    void face(const Vec3& direction);

    Vec3 up_, ahead_, aside_;  // orthonormal; yaw turns from ahead to aside
    Vec3 eye_{};
    double yaw_ = 0, pitch_ = 0;  // radians, pitch upwards
    double distance_ = 1;
    double view_;
};

}  // namespace longtake::interactive
