#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

#include <fmt/format.h>

namespace longtake::interactive {
namespace {

void draw_first_picture(Viewer& viewer) {
    heading(viewer, "FIRST PICTURE");
    if (viewer.live().has_image()) {
        if (ImGui::Button("Begin without it")) {
            viewer.act(Action::ForgetImage);
        }
        tooltip(tooltip_of(viewer.keys(), Action::ForgetImage));
    } else {
        small_text(viewer, theme::kDim, "Drop a picture on the window to begin with it.");
    }
}

}  // namespace

void draw_presets(Viewer& viewer) {
    heading(viewer, "PRESETS");
    const MadeChunk* chunk = viewer.live().pacer().chunk();
    const float height = 22 * viewer.ui().scale();
    ImGui::PushFont(viewer.ui().small);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {8, 2 * viewer.ui().scale()});
    const float digit = 20 * viewer.ui().scale();
    for (size_t i = 0; i < std::min<size_t>(9, viewer.presets().size()); ++i) {
        const std::string& preset = viewer.presets()[i];
        const ImVec2 corner = ImGui::GetCursorScreenPos();
        ImGui::PushID(static_cast<int>(i));
        if (ImGui::Selectable("##preset", false, 0, {0, height})) {
            viewer.send(preset, false);
        }
        ImGui::PopID();
        tooltip(fmt::format("{}   [{}]", preset, i + 1));
        const float y = corner.y + (height - ImGui::GetFontSize()) / 2;
        auto* list = ImGui::GetWindowDrawList();
        const bool current = chunk != nullptr && chunk->prompt == preset;
        list->AddText({corner.x + 2, y}, current ? theme::kAccent : theme::kDim,
                      std::to_string(i + 1).c_str());
        list->AddText({corner.x + digit, y}, current ? theme::kAccent : theme::kText,
                      shortened(preset, ImGui::GetContentRegionAvail().x - digit).c_str());
    }
    ImGui::PopStyleVar();
    ImGui::PopFont();
}

void draw_sidebar(Viewer& viewer, const render::Rect& place) {
    const Panel panel("sidebar", place);
    const auto space = [&] { ImGui::Dummy({1, 8 * viewer.ui().scale()}); };
    draw_presets(viewer);
    space();
    draw_memory(viewer);
    draw_model(viewer);
    draw_cache_options(viewer);
    space();
    draw_first_picture(viewer);
    space();
    draw_figures(viewer);
}

}  // namespace longtake::interactive
