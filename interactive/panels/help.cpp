#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/screen.h"
#include "interactive/theme.h"

#include <algorithm>
#include <string_view>

namespace longtake::interactive {
namespace {

constexpr int64_t kMostRows = 24;  // of one column of keys

}  // namespace

void draw_help(Screen& screen) {
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    const float scale = screen.ui().scale();
    const auto rows = std::ssize(screen.keys());
    const bool two = rows > kMostRows && size.x > 860 * scale;  // columns
    ImGui::SetNextWindowPos({size.x / 2, size.y / 2}, 0, {0.5F, 0.5F});
    ImGui::SetNextWindowSize({std::min(size.x, (two ? 860.0F : 520.0F) * scale), 0});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {26 * scale, 22 * scale});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 8 * scale);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
    ImGui::SetNextWindowFocus();
    ImGui::Begin("keys", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav);
    std::string_view group;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {8 * scale, 3 * scale});
    const float left = ImGui::GetCursorPosX();
    float column = left;
    const float top = ImGui::GetCursorPosY();
    float bottom = top;
    int64_t row = 0;
    for (const Binding& b : screen.keys()) {
        ++row;
        if (b.action > Action::Preset1 && b.action <= Action::Preset9) {
            continue;
        }
        if (group != b.group) {
            if (two && column == left && row > rows / 2) {
                bottom = ImGui::GetCursorPosY();
                column += 420 * scale;
                ImGui::SetCursorPosY(top);
            } else if (!group.empty()) {
                ImGui::Dummy({1, 8 * scale});
            }
            ImGui::SetCursorPosX(column);
            heading(screen, b.group);
            group = b.group;
        }
        ImGui::SetCursorPosX(column);
        text(theme::kAccent, b.action == Action::Preset1 ? "1 ... 9" : b.keys);
        ImGui::SameLine(column + 124 * scale);
        ImGui::PushTextWrapPos(0);
        text(theme::kText, b.label);
        ImGui::PopTextWrapPos();
    }
    ImGui::SetCursorPosY(std::max(bottom, ImGui::GetCursorPosY()));
    ImGui::Dummy({1, 8 * scale});
    small_text(screen, theme::kDim, screen.hint());
    ImGui::PopStyleVar();
    ImGui::End();
    ImGui::PopStyleVar(3);
}

}  // namespace longtake::interactive
