#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

#include <fmt/format.h>

#include <array>

namespace longtake::interactive {
namespace {

// How a chunk's time divides.
void draw_parts(Viewer& viewer, const MadeChunk& chunk) {
    const std::array parts{std::pair{chunk.receipt.diffuse_ms, theme::kAccent},
                           std::pair{chunk.receipt.decode_ms, theme::kGreen},
                           std::pair{chunk.finalize_ms, theme::kWarm}};
    double sum = 0;
    for (const auto& [ms, colour] : parts) {
        sum += ms;
    }
    auto* list = ImGui::GetWindowDrawList();
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = 5 * viewer.ui().scale();
    float x = corner.x;
    for (const auto& [ms, colour] : parts) {
        const float part = sum > 0 ? static_cast<float>(ms / sum) * width : 0;
        list->AddRectFilled({x, corner.y}, {x + std::max(0.0F, part - 2), corner.y + height},
                            colour, 2);
        x += part;
    }
    ImGui::Dummy({width, height});
}

std::string words_of(const generator::DriftReading& drift) {
    switch (drift.state) {
        case generator::DriftAlarm::State::Learning: return "learning how it began";
        case generator::DriftAlarm::State::Still:
            return fmt::format("none, {:.1f}", drift.distance);
        default: return fmt::format("drifted, {:.1f}", drift.distance);
    }
}

}  // namespace

void draw_figures(Viewer& viewer) {
    const auto& live = viewer.live();
    const MadeChunk* chunk = live.pacer().chunk();
    heading(viewer, "SPEED");
    if (chunk == nullptr || viewer.common().steady_figures) {
        return;
    }
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {8, 3 * viewer.ui().scale()});
    draw_parts(viewer, *chunk);
    const double seconds =
        1e-3 * (chunk->receipt.diffuse_ms + chunk->receipt.decode_ms + chunk->finalize_ms);
    const auto frames = static_cast<double>(chunk->frames.extent(0));
    figure(viewer, "made", fmt::format("{:.1f} frames/s", seconds > 0 ? frames / seconds : 0),
           "Frames a second that the model makes");
    figure(
        viewer, "shown",
        fmt::format("{:.1f} of {:.0f} frames/s", live.shown_rate(viewer.now()), live.frame_rate()),
        "Frames a second on the screen, of those the video has");
    figure(viewer, "diffuse / decode / finalize",
           fmt::format("{:.0f} / {:.0f} / {:.0f} ms", chunk->receipt.diffuse_ms,
                       chunk->receipt.decode_ms, chunk->finalize_ms),
           "Parts of a chunk's time: denoising, decoding, the clean pass that writes the memory");
    figure(viewer, "input to picture, p50 / p95",
           live.latency().empty() ? "-"
                                  : fmt::format("{:.2f} / {:.2f} s", live.latency().quantile(0.5),
                                                live.latency().quantile(0.95)),
           "From a control to the first frame that follows it");
    if (const auto& drift = chunk->receipt.drift) {
        figure(viewer, "drift", words_of(*drift),
               "How far the take is from what the scene began as; 1: as it used to be");
    }
    figure(viewer, "memory", fmt::format("{:.0f} MiB", viewer.common().memory_mib()),
           "Of this program");
    figure(viewer, "drawn by", viewer.common().device, "The Vulkan device");
    ImGui::PopStyleVar();
}

}  // namespace longtake::interactive
