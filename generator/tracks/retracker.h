#pragma once

#include "generator/tracks/point_tracker.h"

#include <vector>

namespace longtake::generator {

// Looks in a video for points that it was asked to have: each is followed from where it appears,
// for as long as it is asked to be visible; one that comes back is begun anew.
class Retracker {
  public:
    explicit Retracker(Tracks asked) : asked_(std::move(asked)) {}

    void advance(const Tensor& frame);  // [H, W, 3], of the picture that the points are of
    const Tracks& asked() const { return asked_; }
    // Of the frames so far, with the columns of `asked`.
    Tracks found() const;

  private:
    bool asked_at(int64_t frame, int64_t point) const;

    Tracks asked_;
    PointTracker tracker_;           // under numbers of columns
    std::vector<TrackPoint> found_;  // [frames, points]
    int64_t frames_ = 0;
};

// How well what was found fits what was asked for; where a point begins it fits by definition, and
// does not count.
struct Agreement {
    int64_t asked = 0, compared = 0;  // places asked to be visible; those of them that were found
    double error = 0;                 // mean distance over the latter, pixels; NaN without any
    double median = 0;
    std::vector<double> by_frame;  // NaN where there is none
};
Agreement agreement(const Tracks& asked, const Tracks& found);

// Of what was asked for the part that was found within so many pixels, from where a point appears
// to where it is farther off or lost: what a tracker can be trusted with.
Tracks trusted(const Tracks& asked, const Tracks& found, double pixels);

}  // namespace longtake::generator
