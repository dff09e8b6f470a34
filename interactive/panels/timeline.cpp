#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

#include <fmt/format.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <cmath>

namespace longtake::interactive {
namespace {

using generator::PromptChange;

constexpr double kPastShown = 12;    // seconds at least
constexpr double kFutureShown = 24;  // seconds at least

// Seconds to pixels and back.
struct Axis {
    double from, to;
    float left, width;
    float x(double seconds) const {
        return left + static_cast<float>((seconds - from) / (to - from)) * width;
    }
    double seconds(float x) const {
        return from + static_cast<double>((x - left) / width) * (to - from);
    }
};

Axis axis_of(const LiveController& live, float left, float width) {
    const auto planned = live.plan().planned();
    const double now = live.seconds();
    const double from = std::max(0.0, now - kPastShown);
    const double last = planned.empty() ? 0 : planned.back().seconds + 6;
    return {from, std::max(from + kPastShown + kFutureShown, last), left, width};
}

void draw_scale(Viewer& viewer, const Axis& axis, float top, float bottom) {
    auto* list = ImGui::GetWindowDrawList();
    const double step = axis.to - axis.from > 90 ? 20 : axis.to - axis.from > 45 ? 10 : 5;
    for (double s = std::ceil(axis.from / step) * step; s < axis.to; s += step) {
        const float x = axis.x(s);
        list->AddLine({x, bottom}, {x, bottom + 5 * viewer.ui().scale()}, theme::kLine);
        const std::string label =
            fmt::format("{}:{:02}", static_cast<int>(s) / 60, static_cast<int>(s) % 60);
        if (x + 34 * viewer.ui().scale() < axis.left + axis.width) {
            list->AddText(viewer.ui().small, viewer.ui().small->FontSize, {x + 4, bottom + 1},
                          theme::kDim, label.c_str());
        }
    }
    list->AddRectFilled({axis.left, top}, {axis.left + axis.width, bottom}, theme::kField, 3);
}

// From a change to the next one.
void draw_block(Viewer& viewer, const PromptChange& change, float x0, float x1, float top,
                float bottom, uint32_t fill, uint32_t ink, bool outlined) {
    auto* list = ImGui::GetWindowDrawList();
    const float gap = viewer.ui().scale();
    list->AddRectFilled({x0, top}, {x1 - gap, bottom}, fill, 3);
    if (outlined) {
        list->AddRect({x0, top}, {x1 - gap, bottom}, theme::kAccent, 3);
    }
    list->AddRectFilled({x0, top}, {x0 + 3 * gap, bottom},
                        change.cut ? theme::kRecording : theme::kAccent, 2);
    const float pad = 10 * gap;
    ImGui::PushFont(viewer.ui().small);
    const std::string label = shortened(change.text, x1 - x0 - 2 * pad);
    list->PushClipRect({x0, top}, {std::max(x0, x1 - gap), bottom}, true);
    list->AddText({x0 + pad, (top + bottom - ImGui::GetFontSize()) / 2}, ink, label.c_str());
    list->PopClipRect();
    ImGui::PopFont();
}

void draw_past(Viewer& viewer, const Axis& axis, float top, float bottom) {
    const auto& live = viewer.live();
    const auto past = live.plan().past();
    const auto planned = live.plan().planned();
    for (size_t i = 0; i < past.size(); ++i) {
        const double end = i + 1 < past.size() ? past[i + 1].seconds
                           : !planned.empty()  ? planned.front().seconds
                                               : axis.to;
        const float x0 = std::max(axis.left, axis.x(past[i].seconds));
        const float x1 = axis.x(end);
        if (x1 > axis.left) {
            draw_block(viewer, past[i], x0, x1, top, bottom, theme::rgb(0x262B33),
                       i + 1 == past.size() ? theme::kText : theme::kDim, false);
        }
    }
}

// One planned change: chosen by a click, moved by a drag.
void draw_planned(Viewer& viewer, size_t i, const Axis& axis, float top, float bottom) {
    auto& live = viewer.live();
    auto& edit = viewer.edit();
    const auto planned = live.plan().planned();
    const PromptChange change = planned[i];
    const double end = i + 1 < planned.size() ? planned[i + 1].seconds : axis.to;
    const float x0 = axis.x(change.seconds), x1 = std::max(axis.x(end), x0 + 8);
    const bool chosen = edit.chosen == i;
    draw_block(viewer, change, x0, x1, top, bottom, theme::rgb(chosen ? 0x2F3A48 : 0x1F2833),
               theme::kText, chosen);
    ImGui::SetCursorScreenPos({x0, top});
    ImGui::PushID(static_cast<int>(i));
    ImGui::InvisibleButton("change", {x1 - x0, bottom - top});
    ImGui::PopID();
    if (ImGui::IsItemActivated()) {
        edit.chosen = i;
        edit.drag_from = change.seconds;
    }
    tooltip(fmt::format("{}   {}\nDrag to move it, click to edit it", clock_text(change.seconds),
                        change.text));
    const float dragged = ImGui::GetMouseDragDelta(0).x;
    if (ImGui::IsItemActive() && dragged != 0) {
        PromptChange moved = change;
        moved.seconds =
            edit.drag_from + static_cast<double>(dragged / axis.width) * (axis.to - axis.from);
        moved.seconds = std::round(10 * moved.seconds) / 10;
        const double before = i > 0 ? planned[i - 1].seconds + 0.1 : 0;
        moved.seconds = std::clamp(moved.seconds, before, std::max(before, end - 0.1));
        if (moved.seconds != change.seconds) {
            edit.chosen = live.edit_planned(i, moved, viewer.now());
        }
    }
}

// The fields of the chosen change.
void draw_editor(Viewer& viewer, float top, float left) {
    auto& live = viewer.live();
    auto& edit = viewer.edit();
    ImGui::SetCursorScreenPos({left, top});
    const auto planned = live.plan().planned();
    if (!edit.chosen || *edit.chosen >= planned.size()) {
        edit.chosen.reset();
        small_text(viewer, theme::kDim,
                   planned.empty()
                       ? "Double-click the strip to plan a prompt, or drop a .txt of "
                         "prompts on the window."
                       : "Click a planned prompt to edit it; Ctrl T saves all of them. What has "
                         "been shown stays.");
        return;
    }
    PromptChange change = planned[*edit.chosen];
    bool changed = false;
    ImGui::PushFont(viewer.ui().small);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        {8 * viewer.ui().scale(), 3 * viewer.ui().scale()});
    text(theme::kDim, clock_text(change.seconds));
    ImGui::SameLine();
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - 150 * viewer.ui().scale());
    changed |= ImGui::InputText("##planned", &change.text);
    tooltip("What the planned prompt says");
    ImGui::SameLine();
    changed |= ImGui::Checkbox("Cut", &change.cut);
    tooltip("Forget what was before when it comes");
    if (changed) {
        edit.chosen = live.edit_planned(*edit.chosen, change, viewer.now());
    }
    ImGui::SameLine();
    if (ImGui::Button("Remove")) {
        live.remove_planned(*edit.chosen, viewer.now());
        edit.chosen.reset();
    }
    tooltip("Take it off the timeline");
    ImGui::PopStyleVar();
    ImGui::PopFont();
}

}  // namespace

void draw_timeline(Viewer& viewer, const render::Rect& place) {
    const Panel panel("timeline", place);
    auto& live = viewer.live();
    const float scale = viewer.ui().scale();
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const Axis axis = axis_of(live, corner.x, ImGui::GetContentRegionAvail().x);
    const float top = corner.y, bottom = top + 36 * scale;
    draw_scale(viewer, axis, top, bottom);
    ImGui::SetCursorScreenPos(corner);
    ImGui::SetNextItemWidth(axis.width);
    ImGui::InvisibleButton("strip", {axis.width, bottom - top});
    ImGui::SetItemAllowOverlap();
    const float pointer = ImGui::GetIO().MousePos.x;
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0) &&
        axis.seconds(pointer) > live.made_until()) {
        const auto past = live.plan().past();
        const std::string text = !viewer.edit().prompt.empty() ? viewer.edit().prompt
                                 : past.empty()                ? ""
                                                               : past.back().text;
        viewer.edit().chosen = live.add_planned(
            {std::round(10 * axis.seconds(pointer)) / 10, text, false}, viewer.now());
    }
    draw_past(viewer, axis, top, bottom);
    for (size_t i = 0; i < live.plan().planned().size(); ++i) {
        draw_planned(viewer, i, axis, top, bottom);
    }
    const float now = axis.x(live.seconds());
    ImGui::GetWindowDrawList()->AddRectFilled({now - scale, top - 4 * scale},
                                              {now + scale, bottom + 4 * scale}, theme::kText);
    draw_editor(viewer, bottom + 24 * scale, corner.x);
}

}  // namespace longtake::interactive
