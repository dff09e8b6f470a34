#pragma once

#include "core/pinhole.h"
#include "generator/control/depth.h"
#include "generator/tracks/tracks.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace longtake::generator {

// Where a scene that does not move goes in the picture when the camera does: a grid of points,
// unprojected by their depth and seen by the camera of every frame. A point is not visible outside
// the picture and behind what is nearer. New points begin in the holes of the grid wherever depth
// is known.
class CameraTracks {
  public:
    // `cameras` are of the take's size, one a frame; `depth` is of frames 0, 1 .. (one of it: of
    // the first alone), or none: then the scene is a plane that faces the first camera at
    // `distance`. `spacing` from point to point, in pixels.
    CameraTracks(std::vector<Pinhole> cameras, std::vector<Depth> depth, double distance,
                 double spacing);

    // Other cameras, from frame `first` on, before the same scene.
    void go_on(int64_t first, std::vector<Pinhole> cameras);
    // What a frame of the take shows is so far off; from then on the scene is what was seen last.
    void see(int64_t frame, Depth depth);

    // Of frames [first, first + count) of the take, fewer where the cameras end; `first` never goes
    // back.
    Tracks at(int64_t first, int64_t count);

  private:
    using Place = std::array<double, 3>;
    struct Point {
        int32_t id;
        Place place;
        int64_t seen;  // frame it was visible in last
    };

    const Pinhole& camera(int64_t t) const;
    std::optional<Depth> depth_of(int64_t t) const;
    void renew(int64_t t);
    void add_points(const Depth& depth, int64_t t);
    void add_surface(const Depth& depth, const Pinhole& view);
    std::vector<double> nearest(const Pinhole& view) const;
    std::vector<TrackPoint> row(int64_t t) const;

    std::vector<Pinhole> cameras_;
    std::vector<Depth> depth_;
    bool seen_ = false;
    int64_t first_ = 0;  // the frame of the first camera
    double distance_, spacing_;
    std::vector<Point> points_;
    std::vector<Place> surface_;
    int32_t next_id_ = 0;
};

}  // namespace longtake::generator
