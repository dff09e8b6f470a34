#include "generator/control/motion_state.h"

#include "core/error.h"
#include "generator/control/camera_preset.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace longtake::generator {
namespace {

// Ids of points: those of played tracks are their own, below these.
constexpr int32_t kFirstHeld = 1'000'000, kFirstLattice = 1'000'000'000;
// The lattice of a moving camera: picture widths at the distance it begins at; rows and columns on
// each side of the middle; after how many numbers ids come again.
constexpr double kLatticeStep = 1.0 / 16;
constexpr int64_t kLatticeReach = 12, kLatticeSide = 2048, kLatticeLevels = 128;
// A hand that moved while the take stood still is followed at most so much faster than it was.
constexpr double kFastest = 2;

// Between the steps around a time; before the first and after the last it rests there.
Handle::Step at(const std::vector<Handle::Step>& path, double seconds) {
    if (path.empty()) {
        return {seconds, 0, 0};
    }
    const auto after = std::ranges::upper_bound(path, seconds, {}, &Handle::Step::seconds);
    if (after == path.begin() || after == path.end()) {
        return after == path.end() ? path.back() : path.front();
    }
    const Handle::Step &a = *std::prev(after), &b = *after;
    const auto t = static_cast<float>((seconds - a.seconds) / (b.seconds - a.seconds));
    return {seconds, a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
}

// A place under one layer, under another.
TrackPoint carried(const TrackPoint& place, const GlobalLayer& from, const GlobalLayer& to) {
    if (from == to) {
        return place;
    }
    const auto at = to.to(from.from({static_cast<double>(place.x), static_cast<double>(place.y)}));
    return {static_cast<float>(at.real()), static_cast<float>(at.imag()), place.visible};
}

int64_t wrapped(int64_t v, int64_t period) {
    return ((v % period) + period) % period;
}

double end_of(const Handle& handle) {
    return handle.path.empty() ? 0 : handle.path.back().seconds;
}

}  // namespace

// Columns of a chunk, in any order, until they are one.
class MotionState::ChunkTracks {
  public:
    explicit ChunkTracks(int64_t frames) : frames_(frames) {}

    // The places of a point, to be filled.
    std::vector<TrackPoint>& add(int32_t id) {
        auto& column = columns_[id];
        column.resize(static_cast<size_t>(frames_));
        return column;
    }
    Tracks all() const {
        std::vector<int32_t> ids;
        for (const auto& [id, places] : columns_) {
            ids.push_back(id);
        }
        Tracks tracks(frames_, std::move(ids));
        int64_t n = 0;
        for (const auto& [id, places] : columns_) {
            for (int64_t t = 0; t < frames_; ++t) {
                const TrackPoint& place = places[static_cast<size_t>(t)];
                tracks.at(t, n) = place.visible ? place : TrackPoint{};
            }
            ++n;
        }
        return cut(tracks, 0, frames_);
    }

  private:
    int64_t frames_;
    std::map<int32_t, std::vector<TrackPoint>> columns_;
};

MotionState::MotionState(int64_t width, int64_t height, double frame_rate)
    : width_(static_cast<double>(width)),
      height_(static_cast<double>(height)),
      frame_rate_(frame_rate),
      next_id_(kFirstHeld) {
    view_.pose = {.width = width, .height = height, .fx = width_, .fy = width_};
    view_.pose.cx = width_ / 2;
    view_.pose.cy = height_ / 2;
}

void MotionState::set(const std::vector<Handle>& handles) {
    for (auto& [id, held] : held_) {
        held.wanted = false;
    }
    for (const Handle& handle : handles) {
        const auto [at, is_new] = held_.try_emplace(handle.id);
        Held& held = at->second;
        if (is_new) {
            held.first_id = next_id_;
            held.begun = frame_;
            held.consumed = handle.path.empty() ? 0 : handle.path.front().seconds;
            held.placed = view_.camera;
            held.layer = view_.layer;
            held.pose = view_.pose;
            next_id_ += static_cast<int32_t>(handle.points.size());
            check(next_id_ < kFirstLattice, "a take with more points than it has numbers for");
        }
        held.handle = handle;
        held.wanted = true;
    }
    std::erase_if(held_, [](const auto& entry) {
        return !entry.second.wanted && !entry.second.handle.released;
    });
}

void MotionState::play(Tracks tracks) {
    played_ = std::move(tracks);
    played_from_ = frame_;
    for (const int32_t id : played_.ids()) {  // those of handles to come are others
        next_id_ = id < kFirstLattice ? std::max(next_id_, id + 1) : next_id_;
    }
}

void MotionState::see(Depth depth) {
    middle_ = depth.median();
    for (auto& [id, held] : held_) {  // those that were put there since the camera moved last
        if (held.depth == 0 && held.pose == view_.pose && !held.handle.points.empty()) {
            const Handle::Point& point = held.handle.points[held.handle.points.size() / 2];
            held.depth = depth.at(static_cast<double>(point.x), static_cast<double>(point.y))
                             .value_or(middle_);
        }
    }
    if (!scene_) {
        scene_.emplace(std::vector{view_.pose}, std::vector{Depth()}, 1, kLatticeStep * width_);
    }
    scene_->see(frame_ - 1, std::move(depth));
}

Tracks MotionState::take_up(int64_t frames) {
    std::vector<View> views;
    for (int64_t t = 0; t < frames; ++t) {
        view_.camera = moved(view_.camera, move_, 1 / frame_rate_);
        view_.pose = moved(view_.pose, move_, middle_, 1 / frame_rate_);
        view_.layer = moved(view_.layer, global_move_, 1 / frame_rate_, width_, height_);
        views.push_back(view_);
    }
    ChunkTracks chunk(frames);
    add_played(views, chunk);
    for (auto& [id, held] : held_) {
        add_handle(held, views, chunk);
    }
    std::erase_if(held_, [](const auto& entry) {
        const Held& held = entry.second;
        return held.handle.released && held.handle.kind == Handle::Kind::Dragged &&
               held.consumed >= end_of(held.handle);
    });
    if (!move_.still()) {
        add_camera(views, chunk);
    }
    frame_ += frames;
    return chunk.all();
}

// How far into the hand's clock a chunk reaches.
double MotionState::consumed_by(const Held& held, int64_t frames) const {
    const double most = held.consumed + kFastest * static_cast<double>(frames) / frame_rate_;
    return std::min(std::max(held.consumed, end_of(held.handle)), most);
}

MotionState::Offset MotionState::offset(const Held& held, int64_t frame, int64_t frames,
                                        double until) const {
    double seconds = 0;
    bool there = true;
    switch (held.handle.kind) {
        case Handle::Kind::Static: break;
        case Handle::Kind::Drawn:
            seconds = static_cast<double>(frame_ + frame - held.begun) / frame_rate_;
            there = seconds <= end_of(held.handle) + 1e-9;
            break;
        case Handle::Kind::Dragged:
            seconds = held.consumed + (until - held.consumed) * static_cast<double>(frame + 1) /
                                          static_cast<double>(frames);
            break;
    }
    const Handle::Step step = at(held.handle.path, seconds);
    return {step.x, step.y, there};
}

void MotionState::add_played(const std::vector<View>& views, ChunkTracks& out) const {
    const Tracks played = cut(played_, frame_ - played_from_, std::ssize(views));
    for (int64_t n = 0; n < played.points(); ++n) {
        auto& places = out.add(played.ids()[static_cast<size_t>(n)]);
        for (size_t t = 0; t < views.size(); ++t) {
            places[t] = carried(played.at(static_cast<int64_t>(t), n), {}, views[t].layer);
        }
    }
}

// A place of the picture that the handle was put on, in the picture of a later view.
TrackPoint MotionState::in_view(const Held& held, const TrackPoint& place, const View& view) const {
    TrackPoint now = place;
    if (held.depth > 0 && view.pose != held.pose) {
        const auto seen = view.pose.seen(held.pose.unprojected(
            static_cast<double>(place.x), static_cast<double>(place.y), held.depth));
        const auto at = view.pose.projected(seen);
        now = {static_cast<float>(at[0]), static_cast<float>(at[1]),
               place.visible && seen[2] > 0.01};
    } else if (view.camera != held.placed) {
        const PlanePoint on = unproject(held.placed, static_cast<double>(place.x),
                                        static_cast<double>(place.y), width_, height_);
        const PicturePoint seen = project(view.camera, on, width_, height_);
        now = {static_cast<float>(seen.x), static_cast<float>(seen.y),
               place.visible && seen.in_front};
    }
    return carried(now, held.layer, view.layer);
}

void MotionState::add_handle(Held& held, const std::vector<View>& views, ChunkTracks& out) const {
    const auto frames = std::ssize(views);
    const double until = consumed_by(held, frames);
    const bool in_scene = held.handle.kind != Handle::Kind::Dragged;
    for (size_t n = 0; n < held.handle.points.size(); ++n) {
        const Handle::Point& point = held.handle.points[n];
        auto& places = out.add(held.first_id + static_cast<int32_t>(n));
        for (int64_t t = 0; t < frames; ++t) {
            const Offset moved_by = offset(held, t, frames, until);
            const TrackPoint place{point.x + point.weight * moved_by.x,
                                   point.y + point.weight * moved_by.y, moved_by.there};
            places[static_cast<size_t>(t)] =
                in_scene ? in_view(held, place, views[static_cast<size_t>(t)]) : place;
        }
    }
    held.consumed = until;
}

// What the camera's move asks of the scene.
void MotionState::add_camera(const std::vector<View>& views, ChunkTracks& out) {
    if (!expects_depth_) {
        add_lattice(views, out);
    } else if (scene_) {
        std::vector<Pinhole> cameras;
        for (const View& view : views) {
            cameras.push_back(view.pose);
        }
        scene_->go_on(frame_, std::move(cameras));
        const Tracks seen = scene_->at(frame_, std::ssize(views));
        for (int64_t n = 0; n < seen.points(); ++n) {
            auto& places = out.add(kFirstLattice + seen.ids()[static_cast<size_t>(n)]);
            for (int64_t t = 0; t < seen.frames(); ++t) {
                places[static_cast<size_t>(t)] = seen.at(t, n);
            }
        }
    }
}

void MotionState::add_lattice(const std::vector<View>& views, ChunkTracks& out) const {
    // Around what the middle of the picture shows in the middle of the chunk, finer where the
    // camera is near.
    const PlaneCamera& middle = views[views.size() / 2].camera;
    const PlanePoint centre = unproject(middle, width_ / 2, height_ / 2, width_, height_);
    const auto level = static_cast<int64_t>(std::lround(std::log2(middle.distance)));
    const double step = std::ldexp(kLatticeStep, static_cast<int>(level));
    const auto row = static_cast<int64_t>(std::llround(centre.y / step));
    const auto column = static_cast<int64_t>(std::llround(centre.x / step));
    for (int64_t r = row - kLatticeReach; r <= row + kLatticeReach; ++r) {
        for (int64_t c = column - kLatticeReach; c <= column + kLatticeReach; ++c) {
            const int64_t id =
                (wrapped(level, kLatticeLevels) * kLatticeSide + wrapped(r, kLatticeSide)) *
                    kLatticeSide +
                wrapped(c, kLatticeSide);
            std::vector<TrackPoint> places;
            bool seen = false;
            for (const View& view : views) {
                const auto p = project(
                    view.camera, {step * static_cast<double>(c), step * static_cast<double>(r)},
                    width_, height_);
                const bool inside =
                    p.in_front && p.x >= 0 && p.y >= 0 && p.x < width_ && p.y < height_;
                seen |= inside;
                places.push_back({static_cast<float>(p.x), static_cast<float>(p.y), inside});
            }
            if (seen) {
                out.add(kFirstLattice + static_cast<int32_t>(id)) = std::move(places);
            }
        }
    }
}

}  // namespace longtake::generator
