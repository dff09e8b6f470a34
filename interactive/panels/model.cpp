#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/viewer.h"

#include <filesystem>

namespace longtake::interactive {

void draw_model(Viewer& viewer) {
    ImGui::PushFont(viewer.ui().small);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        {8 * viewer.ui().scale(), 3 * viewer.ui().scale()});
    constexpr const char* kTip =
        "What makes the take; drop another one's folder on the window to add it";
    ImGui::SetNextItemWidth(field_name(viewer, "model", kTip));
    if (ImGui::BeginCombo("##model", viewer.options().model.c_str())) {
        const auto choose = [&](const std::string& address) {
            const std::string name = std::filesystem::path(address).filename().string();
            ImGui::PushID(address.c_str());
            if (ImGui::Selectable(name.c_str(), name == viewer.options().model)) {
                viewer.open(address);
            }
            ImGui::PopID();
            tooltip(address);
        };
        choose(kBundledModel);
        for (const std::string& model : viewer.common().settings.models) {
            choose(model);
        }
        ImGui::EndCombo();
    }
    tooltip(kTip);
    ImGui::PopStyleVar();
    ImGui::PopFont();
}

}  // namespace longtake::interactive
