#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

#include <fmt/format.h>
#include <imgui_stdlib.h>

namespace longtake::interactive {
namespace {

int recall(ImGuiInputTextCallbackData* data) {
    auto& viewer = *static_cast<Viewer*>(data->UserData);
    const int by = data->EventKey == ImGuiKey_UpArrow ? -1 : 1;
    const std::string prompt = viewer.history().move(by, {data->Buf, data->Buf + data->BufTextLen});
    data->DeleteChars(0, data->BufTextLen);
    data->InsertChars(0, prompt.c_str());
    return 0;
}

// What became of the newest control.
std::string state_of(const LiveController& live) {
    if (live.asked() > live.acknowledged()) {
        return fmt::format("#{} waits for the next chunk", live.asked());
    }
    const MadeChunk* chunk = live.pacer().chunk();
    const auto past = live.plan().past();
    if (chunk == nullptr || past.empty()) {
        return "";
    }
    return fmt::format("#{} in force   since {}", live.acknowledged(),
                       clock_text(past.back().seconds));
}

}  // namespace

void draw_prompt_bar(Viewer& viewer, const render::Rect& place) {
    const Panel panel("prompt", place);
    auto& edit = viewer.edit();
    const float gap = ImGui::GetStyle().ItemSpacing.x;
    const float button = 62 * viewer.ui().scale();
    const bool wide = static_cast<float>(place.width) > 8 * button;  // room for buttons
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - (wide ? 3 * (button + gap) : 0));
    if (std::exchange(edit.focus_prompt, false)) {
        ImGui::SetKeyboardFocusHere();
    }
    const bool entered = ImGui::InputTextWithHint(
        "##prompt", "Say what should happen, then press Enter", &edit.prompt,
        ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CallbackHistory, recall,
        &viewer);
    tooltip("A prompt for the take   [Enter]   Up and Down bring back earlier ones");
    const auto act = [&](Action action) {
        viewer.act(action);
        edit.prompt.clear();
    };
    if (entered) {
        act(ImGui::GetIO().KeyCtrl    ? Action::CutToPrompt
            : ImGui::GetIO().KeyShift ? Action::AddToTimeline
                                      : Action::SendPrompt);
    }
    for (const auto& [label, action] :
         {std::pair{"Show", Action::SendPrompt}, std::pair{"Cut", Action::CutToPrompt},
          std::pair{"Plan", Action::AddToTimeline}}) {
        if (!wide) {
            break;
        }
        ImGui::SameLine();
        if (ImGui::Button(label, {button, 0})) {
            act(action);
        }
        tooltip(tooltip_of(viewer.keys(), action));
    }
    const auto& live = viewer.live();
    const MadeChunk* chunk = live.pacer().chunk();
    ImGui::PushFont(viewer.ui().small);
    const std::string state = state_of(live);
    const float width =
        ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(state.c_str()).x - 3 * gap;
    text(theme::kText, shortened(chunk != nullptr ? chunk->prompt : "", width));
    ImGui::SameLine(ImGui::GetWindowContentRegionMax().x - ImGui::CalcTextSize(state.c_str()).x);
    text(live.asked() > live.acknowledged() ? theme::kWarm : theme::kDim, state);
    ImGui::PopFont();
}

}  // namespace longtake::interactive
