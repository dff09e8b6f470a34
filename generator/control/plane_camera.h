#pragma once

#include "generator/control/handle.h"

namespace longtake::generator {

// Where a camera has come that looked straight at a plane one picture width away.
struct PlaneCamera {
    double x = 0, y = 0;  // on the plane, picture widths
    double distance = 1;  // from it
    double orbit = 0, roll = 0;

    bool operator==(const PlaneCamera&) const = default;
};

struct PlanePoint {
    double x, y;  // picture widths from the middle of the plane
};
struct PicturePoint {
    double x, y;  // pixels
    bool in_front;
};

// After so many seconds of moving.
PlaneCamera moved(PlaneCamera camera, const CameraMove& move, double seconds);

// A pinhole as wide as its distance to the plane it began at.
PicturePoint project(const PlaneCamera& camera, PlanePoint point, double width, double height);
// The point of the plane at a pixel; the pixel must not look past the plane's horizon.
PlanePoint unproject(const PlaneCamera& camera, double x, double y, double width, double height);

}  // namespace longtake::generator
