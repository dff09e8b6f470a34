#include "interactive/motion_editor.h"
#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

#include <algorithm>

namespace longtake::interactive {
namespace {

constexpr float kWidth = 168, kPadSide = 96;  // in units of the design

// What a hand does with it.
const char* words_of(MotionTool tool) {
    switch (tool) {
        case MotionTool::Drag: return "Drag on the picture: what is under the brush comes along.";
        case MotionTool::Pin: return "Click on what shall stay where it is.";
        case MotionTool::Path: return "Draw a way. It is gone when you let go, beside all others.";
        default: return "";
    }
}

void slider(Viewer& viewer, const char* name, float& value, float least, float most,
            const char* format, const char* tip) {
    ImGui::PushFont(viewer.ui().small);
    ImGui::AlignTextToFramePadding();
    text(theme::kDim, name);
    tooltip(tip);
    ImGui::SameLine(62 * viewer.ui().scale());
    ImGui::PushID(name);
    ImGui::SetNextItemWidth(-1);
    ImGui::SliderFloat("##value", &value, least, most, format);
    ImGui::PopID();
    ImGui::PopFont();
    tooltip(tip);
}

void draw_brush(Viewer& viewer) {
    MotionEditor& motion = viewer.motion();
    Brush& brush = motion.brush();
    const auto side = static_cast<float>(viewer.options().height);
    slider(viewer, "size", brush.radius, 0, side / 2, "%.0f", "Of the brush, in pixels");
    slider(viewer, "spacing", brush.spacing, 4, side / 4, "%.0f", "From point to point, in pixels");
    if (motion.tool() != MotionTool::Pin) {
        slider(viewer, "falloff", brush.falloff, 0, 1, "%.1f",
               "0: all points go the whole way; 1: those at the rim stay");
    }
    if (motion.tool() == MotionTool::Path) {
        auto speed = static_cast<float>(motion.speed());
        slider(viewer, "speed", speed, 0.25F, 4, "%.2fx", "Along the path: times that of the hand");
        motion.speed() = static_cast<double>(speed);
    }
}

// A square to drag in; gives the deflection, -1 to 1 both ways, and springs back.
ImVec2 pad(const char* id, ImVec2 size, float scale) {
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    ImGui::InvisibleButton(id, size);
    ImVec2 deflection{0, 0};
    if (ImGui::IsItemActive()) {
        const ImVec2 at = ImGui::GetMousePos();
        deflection = {std::clamp(2 * (at.x - corner.x) / size.x - 1, -1.F, 1.F),
                      std::clamp(2 * (at.y - corner.y) / size.y - 1, -1.F, 1.F)};
    }
    auto& list = *ImGui::GetWindowDrawList();
    const ImVec2 end{corner.x + size.x, corner.y + size.y};
    list.AddRectFilled(corner, end, ImGui::IsItemHovered() ? theme::kFieldHovered : theme::kField,
                       4 * scale);
    list.AddCircleFilled({corner.x + size.x * (1 + 0.9F * deflection.x) / 2,
                          corner.y + size.y * (1 + 0.9F * deflection.y) / 2},
                         5 * scale, ImGui::IsItemActive() ? theme::kAccent : theme::kDim, 16);
    return deflection;
}

void draw_camera(Viewer& viewer) {
    const float scale = viewer.ui().scale();
    generator::CameraMove& move = viewer.camera().pad();
    const ImVec2 pan = pad("pan", {kPadSide * scale, kPadSide * scale}, scale);
    tooltip("Pull to move the camera   [Arrows]");
    ImGui::SameLine();
    const ImVec2 forward = pad("forward", {22 * scale, kPadSide * scale}, scale);
    tooltip("Pull up to go forward   [Page Up, Page Down]");
    const ImVec2 turn = pad("turn", {kPadSide * scale, 36 * scale}, scale);
    tooltip("Pull aside to orbit, up or down to roll   [Shift Arrows]");
    move = {.right = static_cast<double>(pan.x),
            .down = static_cast<double>(pan.y),
            .forward = static_cast<double>(-forward.y),
            .orbit = static_cast<double>(turn.x),
            .roll = static_cast<double>(turn.y)};
}

void draw_layer(Viewer& viewer) {
    generator::GlobalMove& move = viewer.layer();
    const auto rate = [&](const char* name, double& value, float most, const char* format,
                          const char* tip) {
        auto shown = static_cast<float>(value);
        slider(viewer, name, shown, -most, most, format, tip);
        value = static_cast<double>(shown);
    };
    rate("right", move.right, 0.5F, "%.2f", "Picture widths a second, for all points but dragged");
    rate("down", move.down, 0.5F, "%.2f", "Picture widths a second");
    rate("zoom", move.zoom, 0.7F, "%.2f", "At 0.7 twice as large every second");
    rate("turn", move.turn, 1.5F, "%.2f", "Radians a second, clockwise");
    if (ImGui::SmallButton("still")) {
        move = {};
    }
    tooltip("Nothing of it any more; points stay where it has brought them");
}

}  // namespace

void draw_motion(Viewer& viewer, const render::Rect& video) {
    const float scale = viewer.ui().scale();
    const MotionTool tool = viewer.motion().tool();
    const bool open = tool != MotionTool::None || viewer.camera_open() || viewer.layer_open();
    ImGui::SetNextWindowPos(
        {static_cast<float>(video.x) + 12 * scale, static_cast<float>(video.y) + 12 * scale});
    ImGui::SetNextWindowSize({open ? kWidth * scale : 0, 0});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {6 * scale, 6 * scale});
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {4 * scale, 4 * scale});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 6 * scale);
    ImGui::PushStyleColor(ImGuiCol_WindowBg, theme::rgb(0x14161A, 225));
    ImGui::Begin("motion", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav |
                     ImGuiWindowFlags_AlwaysAutoResize);
    const auto button = [&](Action action, Icon icon, bool chosen, uint32_t colour) {
        action_button(viewer, action, icon, chosen ? colour : theme::kText);
    };
    button(Action::DragPoints, Icon::Drag, tool == MotionTool::Drag, theme::kGreen);
    ImGui::SameLine();
    button(Action::PinPoints, Icon::Pin, tool == MotionTool::Pin, theme::kRecording);
    ImGui::SameLine();
    button(Action::DrawPath, Icon::Path, tool == MotionTool::Path, theme::kAccent);
    ImGui::SameLine();
    button(Action::ShowCamera, Icon::Pad, viewer.camera_open(), theme::kAccent);
    ImGui::SameLine();
    button(Action::ShowLayer, Icon::Layer, viewer.layer_open(), theme::kAccent);
    if (tool != MotionTool::None) {
        draw_brush(viewer);
        ImGui::PushTextWrapPos(0);
        small_text(viewer, theme::kDim, words_of(tool));
        ImGui::PopTextWrapPos();
    }
    if (viewer.camera_open()) {
        draw_camera(viewer);
    }
    if (viewer.layer_open()) {
        draw_layer(viewer);
    }
    if (!viewer.motion().handles().empty()) {
        button(Action::UndoMotion, Icon::Restart, false, 0);
        ImGui::SameLine();
        button(Action::ClearMotion, Icon::Cross, false, 0);
        ImGui::SameLine();
        button(Action::SaveTracks, Icon::Save, false, 0);
    }
    ImGui::End();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(3);
}

}  // namespace longtake::interactive
