#include "generator/tracks/retracker.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace longtake::generator {
namespace {

bool begins(const Tracks& tracks, int64_t frame, int64_t point) {
    return tracks.at(frame, point).visible && (frame == 0 || !tracks.at(frame - 1, point).visible);
}

double apart(const TrackPoint& a, const TrackPoint& b) {
    return static_cast<double>(std::hypot(a.x - b.x, a.y - b.y));
}

double mean(const std::vector<double>& values) {
    return values.empty() ? std::numeric_limits<double>::quiet_NaN()
                          : std::accumulate(values.begin(), values.end(), 0.) /
                                static_cast<double>(values.size());
}

}  // namespace

bool Retracker::asked_at(int64_t frame, int64_t point) const {
    return frame < asked_.frames() && asked_.at(frame, point).visible;
}

void Retracker::advance(const Tensor& frame) {
    tracker_.advance(frame);
    tracker_.keep([&](const PointTracker::Followed& point) {
        return asked_at(frames_, point.id) && !begins(asked_, frames_, point.id);
    });
    for (int64_t n = 0; n < asked_.points(); ++n) {
        if (asked_at(frames_, n) && begins(asked_, frames_, n)) {
            const TrackPoint& place = asked_.at(frames_, n);
            tracker_.add(static_cast<int32_t>(n), place.x, place.y);
        }
    }
    const auto row = std::ssize(found_);
    found_.resize(found_.size() + static_cast<size_t>(asked_.points()));
    for (const PointTracker::Followed& point : tracker_.points()) {
        found_[static_cast<size_t>(row + point.id)] = {point.x, point.y, true};
    }
    ++frames_;
}

Tracks Retracker::found() const {
    Tracks tracks(frames_, {asked_.ids().begin(), asked_.ids().end()});
    for (int64_t t = 0; t < frames_; ++t) {
        for (int64_t n = 0; n < asked_.points(); ++n) {
            tracks.at(t, n) = found_[static_cast<size_t>(t * asked_.points() + n)];
        }
    }
    return tracks;
}

Agreement agreement(const Tracks& asked, const Tracks& found) {
    Agreement a;
    std::vector<double> all;
    for (int64_t t = 0; t < std::min(asked.frames(), found.frames()); ++t) {
        std::vector<double> errors;
        for (int64_t n = 0; n < asked.points(); ++n) {
            if (!asked.at(t, n).visible || begins(asked, t, n)) {
                continue;
            }
            ++a.asked;
            if (found.at(t, n).visible) {
                errors.push_back(apart(asked.at(t, n), found.at(t, n)));
            }
        }
        a.by_frame.push_back(mean(errors));
        all.insert(all.end(), errors.begin(), errors.end());
    }
    a.compared = std::ssize(all);
    a.error = mean(all);
    std::ranges::sort(all);
    a.median = all.empty() ? a.error : all[all.size() / 2];
    return a;
}

Tracks trusted(const Tracks& asked, const Tracks& found, double pixels) {
    Tracks part = asked;
    for (int64_t n = 0; n < part.points(); ++n) {
        bool good = false;
        for (int64_t t = 0; t < part.frames(); ++t) {
            const TrackPoint place = t < found.frames() ? found.at(t, n) : TrackPoint{};
            good = place.visible && (good || begins(asked, t, n)) &&
                   apart(asked.at(t, n), place) <= pixels;
            if (!good) {
                part.at(t, n) = {};
            }
        }
    }
    return cut(part, 0, part.frames());
}

}  // namespace longtake::generator
