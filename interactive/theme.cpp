#include "interactive/theme.h"

#include <imgui.h>

namespace longtake::interactive {

using generator::SlotKind;

uint32_t colour_of(SlotKind kind) {
    switch (kind) {
        case SlotKind::Sink: return theme::kAccent;
        case SlotKind::Recalled: return theme::kRecalled;
        case SlotKind::Kept: return theme::kWarm;
        case SlotKind::Recent: return theme::kGreen;
        default: return theme::kText;
    }
}

const char* name_of(SlotKind kind) {
    switch (kind) {
        case SlotKind::Sink: return "first";
        case SlotKind::Recalled: return "back again";
        case SlotKind::Kept: return "looked at most";
        case SlotKind::Recent: return "recent";
        default: return "this chunk";
    }
}

void set_theme(float scale) {
    ImGuiStyle style;
    style.WindowPadding = {16, 12};
    style.FramePadding = {10, 6};
    style.ItemSpacing = {8, 8};
    style.ItemInnerSpacing = {6, 4};
    style.WindowRounding = 0;
    style.FrameRounding = style.PopupRounding = style.GrabRounding = 4;
    style.WindowBorderSize = style.FrameBorderSize = 0;
    style.PopupBorderSize = 1;
    style.ScrollbarSize = 10;
    style.GrabMinSize = 10;
    style.ScaleAllSizes(scale);
    const auto set = [&](ImGuiCol which, uint32_t colour) {
        style.Colors[which] = ImGui::ColorConvertU32ToFloat4(colour);
    };
    set(ImGuiCol_WindowBg, theme::kPanel);
    set(ImGuiCol_PopupBg, theme::rgb(0x1A1D22));
    set(ImGuiCol_Border, theme::kLine);
    set(ImGuiCol_Text, theme::kText);
    set(ImGuiCol_TextDisabled, theme::kDim);
    set(ImGuiCol_FrameBg, theme::kField);
    set(ImGuiCol_FrameBgHovered, theme::kFieldHovered);
    set(ImGuiCol_FrameBgActive, theme::kFieldHovered);
    set(ImGuiCol_Button, theme::kField);
    set(ImGuiCol_ButtonHovered, theme::kFieldHovered);
    set(ImGuiCol_ButtonActive, theme::kFieldActive);
    set(ImGuiCol_Header, theme::kField);
    set(ImGuiCol_HeaderHovered, theme::kFieldHovered);
    set(ImGuiCol_HeaderActive, theme::kFieldActive);
    set(ImGuiCol_SliderGrab, theme::kDim);
    set(ImGuiCol_SliderGrabActive, theme::kAccent);
    set(ImGuiCol_CheckMark, theme::kAccent);
    set(ImGuiCol_TextSelectedBg, theme::rgb(0x7FB4E8, 90));
    set(ImGuiCol_ScrollbarBg, theme::rgb(0, 0));
    set(ImGuiCol_ScrollbarGrab, theme::kLine);
    set(ImGuiCol_Separator, theme::kLine);
    set(ImGuiCol_NavHighlight, theme::rgb(0, 0));
    ImGui::GetStyle() = style;
}

}  // namespace longtake::interactive
