#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::generator {

// Where a point of the picture is: pixels from the picture's upper left corner; it may lie outside.
// What is not visible has no place.
struct TrackPoint {
    float x = 0, y = 0;
    bool visible = false;
    bool operator==(const TrackPoint&) const = default;
};

// Where points of a picture are from frame to frame.
class Tracks {
  public:
    Tracks() = default;
    Tracks(int64_t frames, std::vector<int32_t> ids);  // nothing visible

    int64_t frames() const { return frames_; }
    int64_t points() const { return static_cast<int64_t>(ids_.size()); }
    bool empty() const { return frames_ == 0 || ids_.empty(); }
    // The same id is the same point, for a whole take; no two columns share one.
    std::span<const int32_t> ids() const { return ids_; }
    TrackPoint& at(int64_t frame, int64_t point) { return places_[index(frame, point)]; }
    const TrackPoint& at(int64_t frame, int64_t point) const {
        return places_[index(frame, point)];
    }
    bool operator==(const Tracks&) const = default;

  private:
    size_t index(int64_t frame, int64_t point) const {
        return static_cast<size_t>(frame * points() + point);
    }

    int64_t frames_ = 0;
    std::vector<int32_t> ids_;
    std::vector<TrackPoint> places_;  // [frames, points]
};

// The tracks of one stretch after another, with all points that are in any of them.
Tracks joined(std::span<const Tracks> stretches);
// Frames [first, first + count), nothing visible where there are none; without points that are
// visible in none of them.
Tracks cut(const Tracks& tracks, int64_t first, int64_t count);
// The same points under numbers that are higher by so much.
Tracks raised(const Tracks& tracks, int32_t by);
// The points of both, which share no numbers, for as long as the longer one.
Tracks beside(const Tracks& a, const Tracks& b);
// For another picture: places times (x, y).
Tracks scaled(const Tracks& tracks, double x, double y);
// At another frame rate, `step` frames of these for one of the result; between two frames a point
// moves straight, and is visible where it is in both. As long as the last frame lasts.
Tracks resampled(const Tracks& tracks, double step);

}  // namespace longtake::generator
