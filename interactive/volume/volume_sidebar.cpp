#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/volume/volume_panels.h"
#include "interactive/volume/volume_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numbers>
#include <string_view>

namespace longtake::interactive {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

std::string count_text(int64_t count) {
    std::string digits = fmt::format("{}", count);
    for (auto at = std::ssize(digits) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<size_t>(at), " ");
    }
    return digits;
}

// What the frame's bytes went into, a line each: a bar, the bytes, the Gaussians.
void draw_parts(VolumeScreen& screen, const VolumeFrame& frame) {
    // Columns of CodingState::changes behind the parts that have one.
    constexpr int kFirstColumn = static_cast<int>(gaussians::StreamPart::Means);
    uint32_t most = 1;
    for (const uint32_t bytes : frame.parts) {
        most = std::max(most, bytes);
    }
    const float scale = screen.ui().scale();
    auto* list = ImGui::GetWindowDrawList();
    for (size_t part = 0; part < frame.parts.size(); ++part) {
        const int column = static_cast<int>(part) - kFirstColumn;
        const ImVec2 corner = ImGui::GetCursorScreenPos();
        const float left = corner.x + 84 * scale, width = 76 * scale;
        const float share = static_cast<float>(frame.parts[part]) / static_cast<float>(most);
        const float middle = corner.y + 0.5F * screen.ui().small->FontSize;
        list->AddRectFilled({left, middle - 2 * scale}, {left + width, middle + 2 * scale},
                            theme::kField, 2);
        list->AddRectFilled({left, middle - 2 * scale}, {left + share * width, middle + 2 * scale},
                            column == 0 ? theme::kWarm : theme::kAccent, 2);
        const auto right_at = [&](float right, uint32_t colour, const std::string& what) {
            ImGui::SameLine(right - ImGui::CalcTextSize(what.c_str()).x);
            text(colour, what);
        };
        ImGui::PushFont(screen.ui().small);
        text(theme::kDim, std::string(gaussians::kPartNames[part]));
        tooltip("Bytes of the frame that went into it, and how many Gaussians it changed");
        const float right = ImGui::GetWindowContentRegionMax().x;
        right_at(right - 48 * scale, theme::kText,
                 fmt::format("{:.1f} kB", frame.parts[part] / 1e3));
        if (column >= 0 && !frame.key) {
            right_at(right, theme::kDim, count_text(frame.columns[static_cast<size_t>(column)]));
        }
        ImGui::PopFont();
    }
}

void draw_frame(VolumeScreen& screen) {
    heading(screen, "THIS FRAME");
    const VolumeFrame* frame = screen.frame();
    if (frame == nullptr) {
        return;
    }
    const VolumeInfo& info = screen.info();
    const int64_t count = frame->splats.count();
    figure(screen, "Gaussians", count_text(count), "How many there are");
    if (info.stream) {
        figure(screen, frame->key ? "a key: all of them are new" : "changed",
               frame->key ? ""
                          : fmt::format("{}, {:.1f} %", count_text(frame->changed),
                                        100.0 * static_cast<double>(frame->changed) /
                                            static_cast<double>(std::max<int64_t>(count, 1))),
               "Gaussians that the frame changed in any way");
    }
    figure(screen, "bytes", count_text(frame->bytes), "Of this frame, as it is stored");
    if (!screen.common().steady_figures) {
        figure(screen, info.stream ? "decode" : "read", fmt::format("{:.1f} ms", frame->read_ms),
               "From bytes to Gaussians, on a thread of its own");
    }
    if (info.stream) {
        draw_parts(screen, *frame);
    }
}

void toggle(VolumeScreen& screen, const char* name, bool on, Action action) {
    ImGui::PushFont(screen.ui().small);
    if (ImGui::Checkbox(name, &on)) {
        screen.act(action);
    }
    ImGui::PopFont();
    tooltip(tooltip_of(screen.keys(), action));
}

void draw_look(VolumeScreen& screen) {
    heading(screen, "LOOK");
    const VolumeLook& look = screen.look();
    const float half = ImGui::GetContentRegionAvail().x / 2;
    const auto beside = [&] { ImGui::SameLine(half + ImGui::GetStyle().WindowPadding.x); };
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        {4 * screen.ui().scale(), 2 * screen.ui().scale()});
    toggle(screen, "Harmonics", look.sh_degree > 0, Action::Harmonics);
    beside();
    toggle(screen, "Depth", look.depth, Action::Depth);
    if (screen.info().stream) {
        toggle(screen, "Gates", look.gates, Action::Gates);
        beside();
        toggle(screen, "Only changed", look.only_changed, Action::OnlyChanged);
    }
    toggle(screen, "Grid", look.guides, Action::Guides);
    if (!screen.info().cameras.empty()) {
        beside();
        toggle(screen, "Cameras", look.cameras, Action::Cameras);
    }
    ImGui::PopStyleVar();
    if (look.gates) {
        const std::array legend{std::pair{theme::kWarm, "moved"},
                                std::pair{theme::kAccent, "changed"},
                                std::pair{theme::kGreen, "new"}, std::pair{theme::kDim, "still"}};
        for (const auto& [colour, name] : legend) {
            small_text(screen, colour, name);
            ImGui::SameLine();
        }
        ImGui::NewLine();
    }
}

void draw_camera(VolumeScreen& screen) {
    heading(screen, "CAMERA");
    auto& rig = screen.rig();
    ImGui::PushFont(screen.ui().small);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        {8 * screen.ui().scale(), 3 * screen.ui().scale()});
    const auto button = [&](const char* name, Action action) {
        if (ImGui::Button(name)) {
            screen.act(action);
        }
        tooltip(tooltip_of(screen.keys(), action));
        ImGui::SameLine();
    };
    button(screen.flies() ? "Flies" : "Turns", Action::Fly);
    button("Reset", Action::ResetView);
    if (!screen.info().cameras.empty()) {
        button("Next camera", Action::NextCamera);
    }
    ImGui::NewLine();
    auto degrees = static_cast<float>(rig.field_of_view() / kDegree);
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x);
    if (ImGui::SliderFloat("##fov", &degrees, 10, 120, "%.0f degrees high")) {
        rig.set_field_of_view(static_cast<double>(degrees) * kDegree);
    }
    tooltip("Field of view");
    ImGui::PopStyleVar();
    ImGui::PopFont();
}

void draw_path_keys(VolumeScreen& screen) {
    auto& path = screen.path();
    std::optional<size_t> removed;
    for (size_t i = 0; i < path.keys().size(); ++i) {
        ImGui::PushID(static_cast<int>(i));
        if (ImGui::Button(clock_text(path.keys()[i].time).c_str())) {
            screen.stand_at(path.keys()[i]);
        }
        tooltip("Stand there");
        ImGui::SameLine();
        if (i > 0) {
            auto seconds = static_cast<float>(path.keys()[i].time - path.keys()[i - 1].time);
            ImGui::SetNextItemWidth(90 * screen.ui().scale());
            if (ImGui::DragFloat("##gap", &seconds, 0.05F, 0.1F, 60, "%.1f s")) {
                path.set_seconds_after(i - 1, static_cast<double>(seconds));
            }
            tooltip("How long the way there takes; drag it");
            ImGui::SameLine();
        }
        if (ImGui::Button("Remove")) {
            removed = i;
        }
        ImGui::PopID();
    }
    if (removed) {
        path.remove(*removed);
    }
}

void draw_path(VolumeScreen& screen) {
    heading(screen, "PATH");
    if (screen.path().empty()) {
        small_text(screen, theme::kDim, "K puts this view at the end of a path.");
        return;
    }
    ImGui::PushFont(screen.ui().small);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        {8 * screen.ui().scale(), 3 * screen.ui().scale()});
    draw_path_keys(screen);
    const auto button = [&](const char* name, Action action) {
        if (ImGui::Button(name)) {
            screen.act(action);
        }
        tooltip(tooltip_of(screen.keys(), action));
        ImGui::SameLine();
    };
    button("Add", Action::AddKey);
    button(screen.path().riding() ? "Stop" : "Ride", Action::RidePath);
    button("Save", Action::SavePath);
    ImGui::NewLine();
    ImGui::PopStyleVar();
    ImGui::PopFont();
}

void draw_speed(VolumeScreen& screen) {
    heading(screen, "SPEED");
    if (screen.common().steady_figures) {
        return;
    }
    if (screen.playback().playing() && screen.playback().frames() > 1) {
        figure(screen, "shown",
               fmt::format("{:.1f} of {:g} frames/s", screen.frames_per_second(screen.now()),
                           screen.playback().rate() * screen.playback().speed()),
               "Frames a second on the screen, of those the scene has");
    }
    figure(screen, "memory", fmt::format("{:.0f} MiB", screen.common().memory_mib()),
           "Of this program");
    figure(screen, "drawn by", screen.common().device, "The Vulkan device");
}

}  // namespace

void draw_volume_sidebar(VolumeScreen& screen, const render::Rect& place) {
    const Panel panel("sidebar", place);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {8, 4 * screen.ui().scale()});
    const auto space = [&] { ImGui::Dummy({1, 8 * screen.ui().scale()}); };
    draw_frame(screen);
    space();
    draw_look(screen);
    space();
    draw_camera(screen);
    space();
    draw_path(screen);
    space();
    draw_speed(screen);
    ImGui::PopStyleVar();
}

}  // namespace longtake::interactive
