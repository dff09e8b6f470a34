#pragma once

#include <cstdint>
#include <vector>

namespace longtake::generator {

// What a hand holds: points of the picture that move together. Places are in pixels of the take.
struct Handle {
    enum class Kind : uint8_t {
        Dragged,  // goes where the hand goes, as long as it holds on
        Static,   // stays where it is in the scene
        Drawn,    // goes along a path that was drawn beforehand, once
    };
    struct Point {
        float x, y;        // at rest
        float weight = 1;  // how much of the way it goes, 0 to 1
    };
    // How far it has come from rest by then. Seconds of the hand's own clock (Dragged), or since
    // the handle took effect (Drawn).
    struct Step {
        double seconds;
        float x, y;
    };

    int64_t id = 0;  // no two of a take share one
    Kind kind = Kind::Dragged;
    std::vector<Point> points;
    std::vector<Step> path;  // in order of time
    bool released = false;   // ends when it has come to the end of its path
};

// How the camera moves, until told otherwise. The scene counts as a plane that faces it at a
// distance of one picture width.
struct CameraMove {
    double right = 0, down = 0;  // picture widths a second
    double forward = 0;          // e-fold a second: at 0.7 the picture grows to twice its size
    double yaw = 0, pitch = 0;   // radians a second, right and down; before a plane it goes there
    double orbit = 0;            // radians a second to the right around the middle of the scene
    double roll = 0;             // radians a second, clockwise

    bool still() const { return *this == CameraMove{}; }
    bool operator==(const CameraMove&) const = default;
};

}  // namespace longtake::generator
