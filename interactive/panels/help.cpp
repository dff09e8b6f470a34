#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/screen.h"
#include "interactive/theme.h"

#include <algorithm>
#include <string_view>

namespace longtake::interactive {
namespace {

constexpr int64_t kMostRows = 24;  // of one column of keys

bool is_listed(const Binding& b) {
    return b.action <= Action::Preset1 || b.action > Action::Preset9;
}

// One below the other, in the second of two columns of the table from the middle on.
void draw_groups(Screen& screen, bool two) {
    const float scale = screen.ui().scale();
    const auto all = std::ranges::count_if(screen.keys(), is_listed);
    std::string_view group;
    std::ptrdiff_t drawn = 0;
    for (const Binding& b : screen.keys()) {
        if (!is_listed(b)) {
            continue;
        }
        if (group != b.group) {
            if (two && drawn >= all / 2 - 2) {
                ImGui::TableNextColumn();
                two = false;
            } else if (!group.empty()) {
                ImGui::Dummy({1, 8 * scale});
            }
            heading(screen, b.group);
            group = b.group;
        }
        text(theme::kAccent, b.action == Action::Preset1 ? "1 ... 9" : b.keys);
        ImGui::SameLine(ImGui::GetStyle().WindowPadding.x + 116 * scale);
        ImGui::PushTextWrapPos(0);
        text(theme::kText, b.label);
        ImGui::PopTextWrapPos();
        ++drawn;
    }
}

// Over all else; a click on it leaves the page.
void draw_shade(Screen& screen) {
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
    ImGui::SetNextWindowFocus();
    ImGui::PushStyleColor(ImGuiCol_WindowBg, theme::rgb(0x08090B, 170));
    ImGui::Begin("shade", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav);
    if (ImGui::IsWindowHovered() && ImGui::IsMouseClicked(0)) {
        screen.act(Action::Leave);
    }
    ImGui::End();
    ImGui::PopStyleColor();
}

}  // namespace

void draw_help(Screen& screen) {
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    const float scale = screen.ui().scale();
    const auto rows = std::ssize(screen.keys());
    const bool two = rows > kMostRows && size.x > 860 * scale;  // columns
    draw_shade(screen);
    ImGui::SetNextWindowPos({size.x / 2, size.y / 2}, 0, {0.5F, 0.5F});
    ImGui::SetNextWindowSize({std::min(size.x, (two ? 860.0F : 520.0F) * scale), 0});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {26 * scale, 22 * scale});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 8 * scale);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
    ImGui::SetNextWindowFocus();
    ImGui::Begin("keys", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {8 * scale, 3 * scale});
    if (ImGui::BeginTable("groups", two ? 2 : 1)) {
        ImGui::TableNextColumn();
        draw_groups(screen, two);
        ImGui::EndTable();
    }
    ImGui::Dummy({1, 8 * scale});
    small_text(screen, theme::kDim, screen.hint());
    ImGui::PopStyleVar();
    ImGui::End();
    ImGui::PopStyleVar(3);
}

}  // namespace longtake::interactive
