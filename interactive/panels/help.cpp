#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/screen.h"
#include "interactive/theme.h"

#include <string_view>

namespace longtake::interactive {

void draw_help(Screen& screen) {
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    const float scale = screen.ui().scale();
    ImGui::SetNextWindowPos({size.x / 2, size.y / 2}, 0, {0.5F, 0.5F});
    ImGui::SetNextWindowSize({std::min(size.x, 520 * scale), 0});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {26 * scale, 22 * scale});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 8 * scale);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
    ImGui::SetNextWindowFocus();
    ImGui::Begin("keys", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav);
    std::string_view group;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {8 * scale, 3 * scale});
    for (const Binding& b : screen.keys()) {
        if (b.action > Action::Preset1 && b.action <= Action::Preset9) {
            continue;
        }
        if (group != b.group) {
            if (!group.empty()) {
                ImGui::Dummy({1, 8 * scale});
            }
            heading(screen, b.group);
            group = b.group;
        }
        text(theme::kAccent, b.action == Action::Preset1 ? "1 ... 9" : b.keys);
        ImGui::SameLine(150 * scale);
        ImGui::PushTextWrapPos(0);
        text(theme::kText, b.label);
        ImGui::PopTextWrapPos();
    }
    ImGui::Dummy({1, 8 * scale});
    small_text(screen, theme::kDim, screen.hint());
    ImGui::PopStyleVar();
    ImGui::End();
    ImGui::PopStyleVar(3);
}

}  // namespace longtake::interactive
