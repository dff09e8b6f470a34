#include "interactive/motion_editor.h"

#include "interactive/theme.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace longtake::interactive {
namespace {

using generator::Handle;

constexpr double kLongestDrag = 30;  // seconds of a hand's way that are kept
constexpr double kLongestPath = 60;  // seconds

Handle::Kind kind_of(MotionTool tool) {
    return tool == MotionTool::Drag  ? Handle::Kind::Dragged
           : tool == MotionTool::Pin ? Handle::Kind::Static
                                     : Handle::Kind::Drawn;
}

}  // namespace

MotionEditor::MotionEditor(int64_t width, int64_t height, double frame_rate)
    : width_(static_cast<float>(width)),
      height_(static_cast<float>(height)),
      frame_rate_(frame_rate),
      brush_{.radius = height_ / 6, .spacing = height_ / 24, .falloff = 0} {}

void MotionEditor::take(MotionTool tool, double now) {
    release(now);
    tool_ = tool == tool_ ? MotionTool::None : tool;
}

std::vector<Handle::Point> MotionEditor::points_around(float x, float y) const {
    std::vector<Handle::Point> points;
    const float spacing = std::max(brush_.spacing, 1.F);
    const auto reach = static_cast<int>(brush_.radius / spacing);
    for (int row = -reach; row <= reach; ++row) {
        for (int column = -reach; column <= reach; ++column) {
            const float dx = spacing * static_cast<float>(column);
            const float dy = spacing * static_cast<float>(row);
            const float distance = std::hypot(dx, dy);
            const bool inside = x + dx >= 0 && y + dy >= 0 && x + dx < width_ && y + dy < height_;
            if (distance <= brush_.radius && (inside || distance == 0)) {
                const float rim = brush_.radius > 0 ? distance / brush_.radius : 0;
                points.push_back({x + dx, y + dy, 1 - brush_.falloff * rim * rim});
            }
        }
    }
    return points;
}

void MotionEditor::press(float x, float y, double now) {
    if (tool_ == MotionTool::None || holding_) {
        return;
    }
    from_x_ = std::clamp(x, 0.F, width_ - 1);
    from_y_ = std::clamp(y, 0.F, height_ - 1);
    pressed_ = now;
    const Handle::Kind kind = kind_of(tool_);
    handles_.push_back({.id = next_id_++,
                        .kind = kind,
                        .points = points_around(from_x_, from_y_),
                        .path = {{kind == Handle::Kind::Dragged ? now : 0, 0, 0}}});
    holding_ = kind != Handle::Kind::Static;
    changed_ |= kind != Handle::Kind::Drawn;  // a path begins once it is drawn
}

void MotionEditor::move(float x, float y, double now) {
    if (!holding_) {
        return;
    }
    Handle& handle = held();
    const bool dragged = handle.kind == Handle::Kind::Dragged;
    const double seconds = dragged ? now : (now - pressed_) / speed_;
    if (seconds <= handle.path.back().seconds || (!dragged && seconds > kLongestPath)) {
        return;
    }
    handle.path.push_back({seconds, std::clamp(x, 0.F, width_ - 1) - from_x_,
                           std::clamp(y, 0.F, height_ - 1) - from_y_});
    while (dragged && handle.path.front().seconds < now - kLongestDrag) {
        handle.path.erase(handle.path.begin());
    }
    changed_ |= dragged;
}

void MotionEditor::release(double now) {
    if (!std::exchange(holding_, false)) {
        return;
    }
    Handle& handle = held();
    if (handle.kind == Handle::Kind::Dragged) {
        const Handle::Step last = handle.path.back();
        if (now > last.seconds) {
            handle.path.push_back({now, last.x, last.y});
        }
        handle.released = true;
    } else if (handle.path.size() < 2) {
        handles_.pop_back();  // a click draws no path
        return;
    }
    changed_ = true;
}

void MotionEditor::undo() {
    if (!handles_.empty() && !holding_) {
        handles_.pop_back();
        changed_ = true;
    }
}

void MotionEditor::clear() {
    holding_ = false;
    changed_ |= !handles_.empty();
    handles_.clear();
}

void MotionEditor::ended(int64_t id) {
    std::erase_if(handles_, [id](const Handle& handle) { return handle.id == id; });
}

std::vector<Handle> MotionEditor::take_handles() {
    changed_ = false;
    std::vector<Handle> taken = handles_;
    if (holding_ && taken.back().kind == Handle::Kind::Drawn) {
        taken.pop_back();  // not drawn to its end yet
    }
    return taken;
}

std::optional<int64_t> MotionEditor::frame_under(float x, float y, float reach) const {
    std::optional<int64_t> frame;
    float nearest = reach;
    for (const Handle& handle : handles_) {
        if (handle.kind != Handle::Kind::Drawn || handle.points.empty()) {
            continue;
        }
        const Handle::Point& middle = handle.points[handle.points.size() / 2];
        for (const Handle::Step& step : handle.path) {
            const float distance = std::hypot(middle.x + step.x - x, middle.y + step.y - y);
            if (distance < nearest) {
                nearest = distance;
                frame = std::llround(step.seconds * frame_rate_);
            }
        }
    }
    return frame;
}

// MotionStream's colours.
uint32_t colour_of(Handle::Kind kind) {
    return kind == Handle::Kind::Dragged  ? theme::kGreen
           : kind == Handle::Kind::Static ? theme::kRecording
                                          : theme::kAccent;
}

}  // namespace longtake::interactive
