#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/volume/volume_panels.h"
#include "interactive/volume/volume_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace longtake::interactive {
namespace {

std::string bytes_text(double bytes) {
    return bytes < 1e6 ? fmt::format("{:.1f} kB", bytes / 1e3)
                       : fmt::format("{:.2f} MB", bytes / 1e6);
}

void draw_speed(VolumeScreen& screen) {
    auto& playback = screen.playback();
    const auto name = [](double speed) { return fmt::format("{:g} x", speed); };
    const bool usual = playback.speed() == 1;
    ImGui::SetNextItemWidth(64 * screen.ui().scale());
    ImGui::PushStyleColor(ImGuiCol_Text, usual ? theme::kText : theme::kWarm);
    if (ImGui::BeginCombo("##speed", name(playback.speed()).c_str(),
                          ImGuiComboFlags_NoArrowButton)) {
        for (double speed = Playback::kSlowest; speed <= Playback::kFastest; speed *= 2) {
            if (ImGui::Selectable(name(speed).c_str(), speed == playback.speed())) {
                playback.set_speed(speed);
            }
        }
        ImGui::EndCombo();
    }
    ImGui::PopStyleColor();
    tooltip("Times the speed it was taken at   [Up, Down]");
}

void draw_time(VolumeScreen& screen) {
    const auto& playback = screen.playback();
    const bool playing = playback.playing();
    const auto next = [] { ImGui::SameLine(); };
    action_button(screen, Action::PlayPause, playing ? Icon::Pause : Icon::Play, theme::kText);
    next();
    action_button(screen, Action::StepBack, Icon::StepBack, theme::kText);
    next();
    action_button(screen, Action::StepFrame, Icon::Step, theme::kText);
    next();
    action_button(screen, Action::Loop, Icon::Loop,
                  playback.loops() ? theme::kAccent : theme::kDim);
    ImGui::SameLine(0, 20 * screen.ui().scale());
    ImGui::AlignTextToFramePadding();
    const auto shown = static_cast<double>(std::max<int64_t>(playback.shown(), 0));
    text(theme::kText, clock_text(shown / playback.rate()));
    next();
    ImGui::AlignTextToFramePadding();
    small_text(screen, theme::kDim,
               fmt::format("frame {} of {}", playback.shown() + 1, playback.frames()));
    ImGui::SameLine(0, 20 * screen.ui().scale());
    draw_speed(screen);
}

}  // namespace

void draw_volume_transport(VolumeScreen& screen, const render::Rect& place) {
    const Panel panel("transport", place);
    const float scale = screen.ui().scale(), side = ImGui::GetFrameHeight();
    if (screen.playback().frames() > 1) {
        draw_time(screen);
        ImGui::SameLine(0, 20 * scale);
    }
    ImGui::AlignTextToFramePadding();
    const float right =
        ImGui::GetWindowContentRegionMax().x - 2 * side - 2 * ImGui::GetStyle().ItemSpacing.x;
    ImGui::PushFont(screen.ui().small);
    text(theme::kDim, shortened(screen.info().name, right - ImGui::GetCursorPosX()));
    ImGui::PopFont();
    ImGui::SameLine(right + ImGui::GetStyle().ItemSpacing.x);
    action_button(screen, Action::Screenshot, Icon::Camera, theme::kText);
    ImGui::SameLine();
    if (ImGui::Button("?", {side, side})) {
        screen.act(Action::Help);
    }
    tooltip(tooltip_of(screen.keys(), Action::Help));
}

// A bar for the bytes of each frame, keys apart; the pointer scrubs.
void draw_frame_strip(VolumeScreen& screen, const render::Rect& place) {
    const Panel panel("frames", place);
    auto& playback = screen.playback();
    const VolumeInfo& info = screen.info();
    const float scale = screen.ui().scale();
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, top = corner.y, bottom = top + 60 * scale;
    const auto count = playback.frames();
    const auto x_of = [&](int64_t frame) {
        return corner.x + width * static_cast<float>(frame) / static_cast<float>(count);
    };
    auto* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(corner, {corner.x + width, bottom}, theme::kField, 3);
    ImGui::InvisibleButton("strip", {width, bottom - top});
    const auto frame_at = [&](float x) {
        return std::clamp<int64_t>(
            static_cast<int64_t>((x - corner.x) / width * static_cast<float>(count)), 0, count - 1);
    };
    if (ImGui::IsItemActive()) {
        playback.seek(frame_at(ImGui::GetIO().MousePos.x));
    }
    const int64_t pointed = frame_at(ImGui::GetIO().MousePos.x);
    if (!info.frame_bytes.empty()) {
        const bool key = !info.keys.empty() && info.keys[static_cast<size_t>(pointed)] != 0;
        tooltip(fmt::format(
            "Frame {}{}: {} (a bar's height is their root)\nDrag to look for a moment", pointed + 1,
            key ? ", a key" : "", bytes_text(info.frame_bytes[static_cast<size_t>(pointed)])));
    }
    // Where there are more frames than pixels, the largest of those that share one.
    const auto columns = std::min<int64_t>(count, std::lround(width / (2 * scale)));
    uint32_t most = 1;
    for (const uint32_t bytes : info.frame_bytes) {
        most = std::max(most, bytes);
    }
    for (int64_t c = 0; c < columns; ++c) {
        const int64_t begin = c * count / columns, end = (c + 1) * count / columns;
        uint32_t bytes = 0;
        bool key = false;
        for (auto f = static_cast<size_t>(begin); f < static_cast<size_t>(end); ++f) {
            bytes = f < info.frame_bytes.size() ? std::max(bytes, info.frame_bytes[f]) : bytes;
            key = key || (f < info.keys.size() && info.keys[f] != 0);
        }
        // Keys dwarf what lies between: the root lets both be seen.
        const float share = std::sqrt(static_cast<float>(bytes) / static_cast<float>(most));
        const float gap = x_of(end) - x_of(begin) > 4 * scale ? scale : 0;
        list->AddRectFilled({x_of(begin), bottom - share * (bottom - top - 6 * scale)},
                            {x_of(end) - gap, bottom}, key ? theme::kWarm : theme::rgb(0x4A6076));
    }
    const float now =
        x_of(std::max<int64_t>(playback.wanted(), 0)) + 0.5F * width / static_cast<float>(count);
    list->AddRectFilled({now - scale, top - 4 * scale}, {now + scale, bottom + 4 * scale},
                        theme::kText);
    ImGui::SetCursorScreenPos({corner.x, bottom + 8 * scale});
    double sum = 0;
    for (const uint32_t bytes : info.frame_bytes) {
        sum += bytes;
    }
    const double seconds = static_cast<double>(count) / playback.rate();
    small_text(screen, theme::kDim,
               fmt::format("{} in {}, {:.2f} Mbit/s{}", bytes_text(sum), clock_text(seconds),
                           8e-6 * sum / seconds,
                           info.keys.empty() ? "" : "; keys, which stand alone, are yellow"));
}

}  // namespace longtake::interactive
