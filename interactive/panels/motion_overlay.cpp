#include "interactive/motion_editor.h"
#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/picture_map.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

#include <fmt/format.h>

#include <cmath>

namespace longtake::interactive {
namespace {

using generator::Handle;

constexpr uint32_t kRequested = theme::rgb(0xFFFFFF, 150);
constexpr float kReach = 8;  // pixels of the screen around a path that count as on it

ImVec2 on_screen(const PictureMap& map, float x, float y) {
    const Place at = map.to_screen({x, y});
    return {at.x, at.y};
}

// The points of a handle where its hand has brought them, and the way of the middle one.
void draw_handle(ImDrawList& list, const PictureMap& map, const Handle& handle, float scale) {
    const uint32_t colour = colour_of(handle.kind);
    const bool dragged = handle.kind == Handle::Kind::Dragged;
    const Handle::Step last = handle.path.empty() ? Handle::Step{} : handle.path.back();
    if (handle.kind == Handle::Kind::Drawn) {
        const Handle::Point& middle = handle.points[handle.points.size() / 2];
        for (const Handle::Step& step : handle.path) {
            list.PathLineTo(on_screen(map, middle.x + step.x, middle.y + step.y));
        }
        list.PathStroke(colour, 0, 2 * scale);
        list.AddCircle(on_screen(map, middle.x + last.x, middle.y + last.y), 5 * scale, colour, 16,
                       2 * scale);
    }
    for (const Handle::Point& point : handle.points) {
        const float far = dragged ? point.weight : 0;
        list.AddCircleFilled(on_screen(map, point.x + far * last.x, point.y + far * last.y),
                             3 * scale, colour, 12);
    }
}

// Where the frame on the screen was asked to have its points.
void draw_requested(ImDrawList& list, const PictureMap& map, const MadeChunk& chunk, int64_t frame,
                    float scale) {
    for (int64_t n = 0; n < chunk.motion.points(); ++n) {
        const generator::TrackPoint& now = chunk.motion.at(frame, n);
        const generator::TrackPoint& before = chunk.motion.at(std::max<int64_t>(0, frame - 4), n);
        if (now.visible) {
            const ImVec2 at = on_screen(map, now.x, now.y);
            if (before.visible) {
                list.AddLine(on_screen(map, before.x, before.y), at, kRequested, 1.5F * scale);
            }
            list.AddCircleFilled(at, 1.5F * scale, kRequested, 8);
        }
    }
}

}  // namespace

void draw_motion_overlay(Viewer& viewer) {
    const PictureMap map = viewer.picture_map();
    const render::Rect& video = map.place;
    const float scale = viewer.ui().scale();
    auto& list = *ImGui::GetBackgroundDrawList();
    list.PushClipRect(
        {static_cast<float>(video.x), static_cast<float>(video.y)},
        {static_cast<float>(video.x + video.width), static_cast<float>(video.y + video.height)});
    const auto& pacer = viewer.live().pacer();
    if (pacer.chunk() != nullptr && !pacer.chunk()->motion.empty()) {
        draw_requested(list, map, *pacer.chunk(), pacer.frame_in_chunk(), scale);
    }
    MotionEditor& motion = viewer.motion();
    for (const Handle& handle : motion.handles()) {
        draw_handle(list, map, handle, scale);
    }
    const ImVec2 pointer = ImGui::GetMousePos();
    const bool over = map.contains({pointer.x, pointer.y}) && !ImGui::GetIO().WantCaptureMouse;
    if (over) {
        const Place at = map.to_take({pointer.x, pointer.y});
        if (motion.tool() != MotionTool::None && !motion.holding()) {
            list.AddCircle(pointer, std::max(3.F, map.scale() * motion.brush().radius),
                           theme::rgb(0xFFFFFF, 110), 48, scale);
        }
        if (const auto frame = motion.frame_under(at.x, at.y, kReach * scale / map.scale())) {
            list.AddText({pointer.x + 14 * scale, pointer.y - 22 * scale}, theme::kText,
                         fmt::format("frame {}", *frame).c_str());
        }
    }
    list.PopClipRect();
}

}  // namespace longtake::interactive
