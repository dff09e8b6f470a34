#include "generator/control/camera_tracks.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace longtake::generator {
namespace {

constexpr double kNearest = 1e-3;    // scene units before a camera
constexpr double kBehind = 0.05;     // of the depth, that a point may be behind what is seen there
constexpr int64_t kSurfaceStep = 2;  // pixels from point to point of the surface that hides others
constexpr int64_t kForgotten = 160;  // frames out of sight, where new points can begin

bool inside(const Pinhole& view, double x, double y) {
    return x >= 0 && y >= 0 && x < static_cast<double>(view.width) &&
           y < static_cast<double>(view.height);
}

// Of squares of kSurfaceStep pixels.
size_t square(const Pinhole& view, double x, double y) {
    const int64_t columns = view.width / kSurfaceStep + 1;
    return static_cast<size_t>(static_cast<int64_t>(y) / kSurfaceStep * columns +
                               static_cast<int64_t>(x) / kSurfaceStep);
}

}  // namespace

CameraTracks::CameraTracks(std::vector<Pinhole> cameras, std::vector<Depth> depth, double distance,
                           double spacing)
    : cameras_(std::move(cameras)),
      depth_(std::move(depth)),
      distance_(distance),
      spacing_(spacing) {
    check(!cameras_.empty() && spacing > 0 && distance > 0, "tracks of {} cameras",
          cameras_.size());
}

const Pinhole& CameraTracks::camera(int64_t t) const {
    const auto i = std::clamp<int64_t>(t - first_, 0, std::ssize(cameras_) - 1);
    return cameras_[static_cast<size_t>(i)];
}

void CameraTracks::go_on(int64_t first, std::vector<Pinhole> cameras) {
    check(!cameras.empty(), "a scene without cameras");
    first_ = first;
    cameras_ = std::move(cameras);
}

Tracks CameraTracks::at(int64_t first, int64_t count) {
    const int64_t frames = std::clamp<int64_t>(first_ + std::ssize(cameras_) - first, 0, count);
    if (frames == 0) {
        return {};
    }
    renew(first);
    std::vector<int32_t> ids;
    for (const Point& point : points_) {
        ids.push_back(point.id);
    }
    Tracks tracks(frames, std::move(ids));
    for (int64_t t = 0; t < frames; ++t) {
        const auto places = row(first + t);
        for (size_t n = 0; n < places.size(); ++n) {
            tracks.at(t, static_cast<int64_t>(n)) = places[n];
            points_[n].seen = places[n].visible ? first + t : points_[n].seen;
        }
    }
    return cut(tracks, 0, frames);
}

void CameraTracks::see(int64_t frame, Depth depth) {
    if (!seen_) {
        points_.clear();  // of the plane that it was taken for
    }
    seen_ = true;
    add_surface(depth, camera(frame));
    add_points(depth, frame);
    std::erase_if(points_, [frame](const Point& p) { return frame - p.seen > kForgotten; });
}

// Takes up what is known of the scene in frame t.
void CameraTracks::renew(int64_t t) {
    if (const auto depth = depth_of(t)) {
        add_points(*depth, t);
        std::erase_if(points_, [t](const Point& p) { return t - p.seen > kForgotten; });
        if (!depth_.empty()) {
            add_surface(*depth, camera(t));  // of a plane nothing hides anything
        }
    }
}

std::optional<Depth> CameraTracks::depth_of(int64_t t) const {
    if (seen_) {
        return std::nullopt;
    }
    if (depth_.empty()) {
        return plane_depth(cameras_[0], distance_, camera(t));
    }
    return t < std::ssize(depth_) ? std::optional(depth_[static_cast<size_t>(t)]) : std::nullopt;
}

// In the middle of every cell of the grid that shows no point, where depth is known.
void CameraTracks::add_points(const Depth& depth, int64_t t) {
    const Pinhole& view = camera(t);
    const auto cells = [this](int64_t pixels) {
        return std::max<int64_t>(1, std::llround(static_cast<double>(pixels) / spacing_));
    };
    const int64_t columns = cells(view.width), rows = cells(view.height);
    const double across = static_cast<double>(view.width) / static_cast<double>(columns);
    const double down = static_cast<double>(view.height) / static_cast<double>(rows);
    std::vector<bool> taken(static_cast<size_t>(columns * rows));
    for (const TrackPoint& p : row(t)) {
        if (p.visible) {
            const auto c = static_cast<int64_t>(static_cast<double>(p.x) / across);
            const auto r = static_cast<int64_t>(static_cast<double>(p.y) / down);
            taken[static_cast<size_t>(std::min(r, rows - 1) * columns + std::min(c, columns - 1))] =
                true;
        }
    }
    for (int64_t i = 0; i < columns * rows; ++i) {
        const double x = (static_cast<double>(i % columns) + 0.5) * across;
        const double y = (static_cast<double>(i / columns) + 0.5) * down;
        const auto far = depth.at(x, y);
        if (far && !taken[static_cast<size_t>(i)]) {
            points_.push_back({next_id_++, view.unprojected(x, y, *far), t});
        }
    }
}

void CameraTracks::add_surface(const Depth& depth, const Pinhole& view) {
    surface_.clear();
    for (int64_t y = 0; y < depth.height; y += kSurfaceStep) {
        for (int64_t x = 0; x < depth.width; x += kSurfaceStep) {
            const double u = static_cast<double>(x) + 0.5, v = static_cast<double>(y) + 0.5;
            if (const auto far = depth.at(u, v)) {
                surface_.push_back(view.unprojected(u, v, *far));
            }
        }
    }
}

// The least depth of the surface in every square.
std::vector<double> CameraTracks::nearest(const Pinhole& view) const {
    const auto squares = (view.width / kSurfaceStep + 1) * (view.height / kSurfaceStep + 1);
    std::vector<double> least(static_cast<size_t>(squares),
                              std::numeric_limits<double>::infinity());
    for (const Place& place : surface_) {
        const Place seen = view.seen(place);
        if (seen[2] < kNearest) {
            continue;
        }
        const auto [x, y] = view.projected(seen);
        if (inside(view, x, y)) {
            double& l = least[square(view, x, y)];
            l = std::min(l, seen[2]);
        }
    }
    return least;
}

std::vector<TrackPoint> CameraTracks::row(int64_t t) const {
    const Pinhole& view = camera(t);
    const auto least = nearest(view);
    std::vector<TrackPoint> places(points_.size());
    for (size_t n = 0; n < points_.size(); ++n) {
        const Place seen = view.seen(points_[n].place);
        if (seen[2] < kNearest) {
            continue;
        }
        const auto [x, y] = view.projected(seen);
        if (inside(view, x, y) && seen[2] <= (1 + kBehind) * least[square(view, x, y)]) {
            places[n] = {static_cast<float>(x), static_cast<float>(y), true};
        }
    }
    return places;
}

}  // namespace longtake::generator
