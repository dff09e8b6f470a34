#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace longtake::interactive {
namespace {

using generator::CacheSlot;
using generator::SlotKind;

std::string told(const CacheSlot& slot, double newest) {
    const double back = newest - slot.position;
    const std::string frame =
        slot.frame < 0 ? "tokens of several frames" : fmt::format("latent frame {}", slot.frame);
    return fmt::format("{}: {}\nstands {:.1f} frames back in time", name_of(slot.kind), frame,
                       back);
}

// One cell a frame, in the order of the cache.
void draw_cells(const std::vector<CacheSlot>& slots, float cell, float height, double newest) {
    auto* list = ImGui::GetWindowDrawList();
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    for (size_t i = 0; i < slots.size(); ++i) {
        const float x = corner.x + static_cast<float>(i) * cell;
        list->AddRectFilled({x, corner.y}, {x + cell - 2, corner.y + height},
                            colour_of(slots[i].kind), 2);
        ImGui::SetCursorScreenPos({x, corner.y});
        ImGui::PushID(static_cast<int>(i));
        ImGui::InvisibleButton("cell", {cell, height});
        ImGui::PopID();
        tooltip(told(slots[i], newest));
    }
}

// Where in time the model sees every frame: lines from the cells down to an axis that ends now.
void draw_positions(Viewer& viewer, const std::vector<CacheSlot>& slots, float cell, float width,
                    double newest) {
    auto* list = ImGui::GetWindowDrawList();
    const float scale = viewer.ui().scale();
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    double oldest = newest - 20;
    for (const CacheSlot& slot : slots) {
        oldest = std::min(oldest, slot.position);
    }
    const float drop = 40 * scale;
    const auto x_of = [&](double position) {
        return corner.x + 2 * scale +
               static_cast<float>((position - oldest) / (newest - oldest)) * (width - 4 * scale);
    };
    list->AddLine({corner.x, corner.y + drop}, {corner.x + width, corner.y + drop}, theme::kLine);
    for (size_t i = 0; i < slots.size(); ++i) {
        const float from = corner.x + (static_cast<float>(i) + 0.5F) * cell - 1;
        const float to = x_of(slots[i].position);
        const uint32_t colour = colour_of(slots[i].kind);
        list->AddBezierCubic({from, corner.y}, {from, corner.y + drop / 2},
                             {to, corner.y + drop / 2}, {to, corner.y + drop},
                             (colour & 0x00FFFFFF) | 0x70000000, 1.2F * scale);
        list->AddCircleFilled({to, corner.y + drop}, 2.6F * scale, colour, 12);
    }
    ImGui::Dummy({width, drop + 4 * scale});
    ImGui::PushFont(viewer.ui().small);
    const ImVec2 labels = ImGui::GetCursorScreenPos();
    list->AddText(labels, theme::kDim, fmt::format("{:.0f} frames back", newest - oldest).c_str());
    list->AddText({labels.x + width - ImGui::CalcTextSize("now").x, labels.y}, theme::kDim, "now");
    ImGui::Dummy({width, ImGui::GetFontSize()});
    ImGui::PopFont();
}

void draw_legend(Viewer& viewer, std::span<const CacheSlot> slots) {
    auto* list = ImGui::GetWindowDrawList();
    ImGui::PushFont(viewer.ui().small);
    const float dot = 4 * viewer.ui().scale();
    // What is kept of the past is of one kind or the other.
    const bool recalled = std::ranges::count(slots, SlotKind::Recalled, &CacheSlot::kind) > 0;
    for (const SlotKind kind : {SlotKind::Sink, recalled ? SlotKind::Recalled : SlotKind::Kept,
                                SlotKind::Recent, SlotKind::Current}) {
        if (kind != SlotKind::Sink) {
            ImGui::SameLine(0, 10 * viewer.ui().scale());
        }
        const ImVec2 corner = ImGui::GetCursorScreenPos();
        list->AddCircleFilled({corner.x + dot, corner.y + ImGui::GetFontSize() / 2}, dot,
                              colour_of(kind), 16);
        ImGui::SetCursorScreenPos({corner.x + 3 * dot, corner.y});
        text(theme::kDim, name_of(kind));
    }
    ImGui::PopFont();
}

}  // namespace

void draw_memory(Viewer& viewer) {
    heading(viewer, "WHAT THE MODEL REMEMBERS");
    const MadeChunk* chunk = viewer.live().pacer().chunk();
    const float width = ImGui::GetContentRegionAvail().x;
    if (chunk == nullptr || chunk->cache.empty()) {
        small_text(viewer, theme::kDim, "Nothing yet.");
        return;
    }
    const auto& slots = chunk->cache;
    double newest = 0;
    for (const CacheSlot& slot : slots) {
        newest = std::max(newest, slot.position);
    }
    const float cell = width / static_cast<float>(std::max<size_t>(21, slots.size()));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float height = 22 * viewer.ui().scale();
    draw_cells(slots, cell, height, newest);
    ImGui::SetCursorScreenPos({corner.x, corner.y + height + 2});
    draw_positions(viewer, slots, cell, width, newest);
    ImGui::PopStyleVar();
    draw_legend(viewer, slots);
}

}  // namespace longtake::interactive
