#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

#include <fmt/format.h>
#include <imgui_stdlib.h>

#include <utility>

namespace longtake::interactive {
namespace {

void draw_seed(Viewer& viewer) {
    ImGui::SetNextItemWidth(84 * viewer.ui().scale());
    uint64_t seed = viewer.live().seed();
    if (ImGui::InputScalar("##seed", ImGuiDataType_U64, &seed, nullptr, nullptr, nullptr,
                           ImGuiInputTextFlags_EnterReturnsTrue)) {
        viewer.live().restart(seed, viewer.now());
    }
    tooltip("Seed: another number is another take; Enter begins it");
}

void draw_recording(Viewer& viewer) {
    const auto state = viewer.recorder().state();
    action_button(viewer, Action::Record, state.on ? Icon::Stop : Icon::Record, theme::kRecording,
                  state.on ? "Stop" : "Record");
    if (!state.file.empty()) {
        ImGui::SameLine();
        ImGui::AlignTextToFramePadding();
        small_text(viewer, state.on ? theme::kText : theme::kDim,
                   fmt::format("{}   {} frames", state.file, state.frames));
    }
}

uint32_t colour_of(Broadcast::Line line) {
    return line == Broadcast::Line::Sending ? theme::kRecording
           : line == Broadcast::Line::Off   ? theme::kText
                                            : theme::kWarm;
}

void draw_live(Viewer& viewer) {
    const auto state = viewer.broadcast().state();
    action_button(viewer, Action::GoLive, Icon::Live, colour_of(state.line));
    const ImVec2 corner = ImGui::GetItemRectMin();
    if (state.line == Broadcast::Line::Waiting) {
        tooltip(state.trouble);
    } else if (state.line == Broadcast::Line::Sending) {
        tooltip(fmt::format("{} frames sent, {} left out", state.sent, state.left_out));
    }
    if (std::exchange(viewer.edit().ask_address, false)) {
        ImGui::OpenPopup("live");
    }
    ImGui::SetNextWindowPos({corner.x, corner.y - 8 * viewer.ui().scale()}, 0, {0, 1});
    if (ImGui::BeginPopup("live")) {
        std::string& address = viewer.common().settings.live;
        text(theme::kDim, "Send the take live to");
        ImGui::SetNextItemWidth(320 * viewer.ui().scale());
        if (ImGui::IsWindowAppearing()) {
            ImGui::SetKeyboardFocusHere();
        }
        const bool sent =
            ImGui::InputTextWithHint("##address", "rtmp://host/app/key or srt://host:port",
                                     &address, ImGuiInputTextFlags_EnterReturnsTrue);
        if (sent && is_live_address(address)) {
            viewer.act(Action::GoLive);
            ImGui::CloseCurrentPopup();
        } else if (sent) {
            viewer.say("an address begins with rtmp://, srt://, udp:// or tcp://");
        }
        ImGui::EndPopup();
    }
}

}  // namespace

void draw_transport(Viewer& viewer, const render::Rect& place) {
    const Panel panel("transport", place);
    const auto& live = viewer.live();
    const bool paused = live.pacer().paused();
    action_button(viewer, Action::PlayPause, paused ? Icon::Play : Icon::Pause, theme::kText);
    ImGui::SameLine();
    action_button(viewer, Action::StepFrame, Icon::Step, theme::kText);
    ImGui::SameLine();
    action_button(viewer, Action::Restart, Icon::Restart, theme::kText);
    ImGui::SameLine();
    action_button(viewer, Action::NewTake, Icon::Next, theme::kText);
    ImGui::SameLine();
    draw_seed(viewer);
    ImGui::SameLine(0, 20 * viewer.ui().scale());
    ImGui::AlignTextToFramePadding();
    text(theme::kText, clock_text(live.seconds()));
    if (static_cast<float>(place.width) > 560 * viewer.ui().scale()) {
        ImGui::SameLine();
        ImGui::AlignTextToFramePadding();
        small_text(viewer, theme::kDim, fmt::format("frame {}", live.pacer().frame() + 1));
    }
    const float side = ImGui::GetFrameHeight();
    if (static_cast<float>(place.width) > 480 * viewer.ui().scale()) {
        ImGui::SameLine(0, 20 * viewer.ui().scale());
        draw_recording(viewer);
        ImGui::SameLine();
        draw_live(viewer);
    }
    if (static_cast<float>(place.width) < 400 * viewer.ui().scale()) {
        return;
    }
    ImGui::SameLine(ImGui::GetWindowContentRegionMax().x - 2 * side -
                    ImGui::GetStyle().ItemSpacing.x);
    action_button(viewer, Action::Screenshot, Icon::Camera, theme::kText);
    ImGui::SameLine();
    if (ImGui::Button("?", {side, side})) {
        viewer.act(Action::Help);
    }
    tooltip(tooltip_of(viewer.keys(), Action::Help));
}

}  // namespace longtake::interactive
