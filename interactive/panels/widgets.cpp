#include "interactive/panels/widgets.h"

#include "interactive/screen.h"
#include "interactive/theme.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace longtake::interactive {
namespace {

// In the middle `c`; `r` is half the icon's size.
void draw_icon(ImDrawList& list, Icon icon, ImVec2 c, float r, uint32_t colour) {
    const auto arc = [&](float from, float to) {
        list.PathArcTo(c, 0.8F * r, from, to, 24);
        list.PathStroke(colour, 0, r / 4);
    };
    switch (icon) {
        case Icon::Play:
            list.AddTriangleFilled({c.x - 0.65F * r, c.y - r}, {c.x - 0.65F * r, c.y + r},
                                   {c.x + r, c.y}, colour);
            break;
        case Icon::Pause:
            list.AddRectFilled({c.x - 0.7F * r, c.y - r}, {c.x - 0.2F * r, c.y + r}, colour);
            list.AddRectFilled({c.x + 0.2F * r, c.y - r}, {c.x + 0.7F * r, c.y + r}, colour);
            break;
        case Icon::Step:
            list.AddTriangleFilled({c.x - 0.7F * r, c.y - 0.8F * r},
                                   {c.x - 0.7F * r, c.y + 0.8F * r}, {c.x + 0.4F * r, c.y}, colour);
            list.AddRectFilled({c.x + 0.5F * r, c.y - 0.8F * r}, {c.x + 0.8F * r, c.y + 0.8F * r},
                               colour);
            break;
        case Icon::StepBack:
            list.AddTriangleFilled({c.x + 0.7F * r, c.y - 0.8F * r},
                                   {c.x + 0.7F * r, c.y + 0.8F * r}, {c.x - 0.4F * r, c.y}, colour);
            list.AddRectFilled({c.x - 0.8F * r, c.y - 0.8F * r}, {c.x - 0.5F * r, c.y + 0.8F * r},
                               colour);
            break;
        case Icon::Loop:
            list.AddRect({c.x - r, c.y - 0.6F * r}, {c.x + r, c.y + 0.6F * r}, colour, 0.5F * r, 0,
                         r / 4);
            list.AddTriangleFilled({c.x - 0.1F * r, c.y - 1.1F * r},
                                   {c.x - 0.1F * r, c.y - 0.1F * r},
                                   {c.x + 0.55F * r, c.y - 0.6F * r}, colour);
            break;
        case Icon::Restart: {
            constexpr float kPi = std::numbers::pi_v<float>;
            arc(-0.35F * kPi, 1.35F * kPi);
            list.AddTriangleFilled({c.x - 0.9F * r, c.y - r}, {c.x - 0.05F * r, c.y - 0.95F * r},
                                   {c.x - 0.75F * r, c.y - 0.15F * r}, colour);
            break;
        }
        case Icon::Next:
            list.AddRectFilled({c.x - 0.14F * r, c.y - 0.9F * r}, {c.x + 0.14F * r, c.y + 0.9F * r},
                               colour);
            list.AddRectFilled({c.x - 0.9F * r, c.y - 0.14F * r}, {c.x + 0.9F * r, c.y + 0.14F * r},
                               colour);
            break;
        case Icon::Record: list.AddCircleFilled(c, 0.8F * r, colour, 24); break;
        case Icon::Live:
            for (const float wide : {0.45F, 1.0F}) {
                for (const float side : {0.0F, std::numbers::pi_v<float>}) {
                    list.PathArcTo(c, wide * r, side - 0.7F, side + 0.7F, 12);
                    list.PathStroke(colour, 0, r / 5);
                }
            }
            list.AddCircleFilled(c, 0.22F * r, colour, 12);
            break;
        case Icon::Stop:
            list.AddRectFilled({c.x - 0.75F * r, c.y - 0.75F * r},
                               {c.x + 0.75F * r, c.y + 0.75F * r}, colour, r / 4);
            break;
        case Icon::Camera:
            list.AddRectFilled({c.x - r, c.y - 0.55F * r}, {c.x + r, c.y + 0.8F * r}, colour,
                               r / 4);
            list.AddRectFilled({c.x - 0.4F * r, c.y - 0.85F * r}, {c.x + 0.4F * r, c.y}, colour,
                               r / 5);
            list.AddCircleFilled({c.x, c.y + 0.12F * r}, 0.4F * r, theme::kField, 20);
            break;
        case Icon::Help: break;
        case Icon::Drag:
            for (const ImVec2 to : {ImVec2{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
                const auto at = [&](float along, float across) {
                    return ImVec2{c.x + r * (along * to.x - across * to.y),
                                  c.y + r * (along * to.y + across * to.x)};
                };
                list.AddLine(c, at(0.7F, 0), colour, r / 5);
                list.AddTriangleFilled(at(1.15F, 0), at(0.65F, -0.4F), at(0.65F, 0.4F), colour);
            }
            break;
        case Icon::Pin:
            list.AddCircle(c, 0.9F * r, colour, 24, r / 5);
            list.AddCircleFilled(c, 0.35F * r, colour, 16);
            break;
        case Icon::Path:
            list.PathLineTo({c.x - r, c.y + 0.8F * r});
            list.PathBezierCubicCurveTo({c.x - 0.4F * r, c.y - 1.6F * r},
                                        {c.x + 0.4F * r, c.y + 1.6F * r}, {c.x + r, c.y - 0.8F * r},
                                        16);
            list.PathStroke(colour, 0, r / 5);
            list.AddCircleFilled({c.x + r, c.y - 0.8F * r}, 0.35F * r, colour, 16);
            break;
        case Icon::Pad:
            list.AddRect({c.x - r, c.y - r}, {c.x + r, c.y + r}, colour, r / 3, 0, r / 5);
            list.AddCircleFilled(c, 0.4F * r, colour, 16);
            break;
        case Icon::Layer:
            list.AddRect({c.x - r, c.y - 0.4F * r}, {c.x + 0.4F * r, c.y + r}, colour, 0, 0, r / 5);
            list.AddRect({c.x - 0.4F * r, c.y - r}, {c.x + r, c.y + 0.4F * r}, colour, 0, 0, r / 5);
            break;
        case Icon::Cross:
            list.AddLine({c.x - 0.8F * r, c.y - 0.8F * r}, {c.x + 0.8F * r, c.y + 0.8F * r}, colour,
                         r / 4);
            list.AddLine({c.x - 0.8F * r, c.y + 0.8F * r}, {c.x + 0.8F * r, c.y - 0.8F * r}, colour,
                         r / 4);
            break;
        case Icon::Save:
            list.AddLine({c.x, c.y - r}, {c.x, c.y + 0.3F * r}, colour, r / 4);
            list.AddTriangleFilled({c.x - 0.55F * r, c.y}, {c.x + 0.55F * r, c.y},
                                   {c.x, c.y + 0.6F * r}, colour);
            list.AddLine({c.x - r, c.y + r}, {c.x + r, c.y + r}, colour, r / 4);
            break;
    }
}

}  // namespace

Panel::Panel(const char* name, const render::Rect& place) {
    ImGui::SetNextWindowPos({static_cast<float>(place.x), static_cast<float>(place.y)});
    ImGui::SetNextWindowSize({static_cast<float>(place.width), static_cast<float>(place.height)});
    ImGui::Begin(name, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                     ImGuiWindowFlags_NoNav);
}

Panel::~Panel() {
    ImGui::End();
}

void action_button(Screen& screen, Action action, Icon icon, uint32_t colour, const char* label) {
    const float side = ImGui::GetFrameHeight();
    const float width = *label != '\0' ? side + ImGui::CalcTextSize(label).x + side / 3 : side;
    ImGui::PushID(static_cast<int>(action));
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    if (ImGui::Button("##action", {width, side})) {
        screen.act(action);
    }
    tooltip(tooltip_of(screen.keys(), action));
    draw_icon(*ImGui::GetWindowDrawList(), icon, {corner.x + side / 2, corner.y + side / 2},
              0.24F * side, colour);
    if (*label != '\0') {
        ImGui::GetWindowDrawList()->AddText(
            {corner.x + side, corner.y + ImGui::GetStyle().FramePadding.y}, theme::kText, label);
    }
    ImGui::PopID();
}

void tooltip(const std::string& text) {
    constexpr float kSeconds = 0.4F;
    ImGuiStorage& storage = *ImGui::GetStateStorage();
    const ImGuiID id = ImGui::GetID("hovered since");
    if (!ImGui::IsItemHovered()) {
        return;
    }
    // Time adds up only while the same item stays hovered from one picture to the next.
    const int frame = ImGui::GetFrameCount();
    const ImGuiID frame_id = ImGui::GetID("hovered at");
    const ImGuiID item_id = ImGui::GetID("hovered item");
    const int item = static_cast<int>(ImGui::GetItemRectMin().x) * 8192 +
                     static_cast<int>(ImGui::GetItemRectMin().y);
    const bool stayed =
        storage.GetInt(frame_id, -9) >= frame - 1 && storage.GetInt(item_id, 0) == item;
    const float since = stayed ? storage.GetFloat(id, 0) + ImGui::GetIO().DeltaTime : 0;
    storage.SetFloat(id, since);
    storage.SetInt(frame_id, frame);
    storage.SetInt(item_id, item);
    if (since >= kSeconds) {
        ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {10, 7});
        ImGui::SetTooltip("%s", text.c_str());
        ImGui::PopStyleVar();
    }
}

void heading(Screen& screen, const char* text) {
    ImGui::PushFont(screen.ui().small);
    ImGui::PushStyleColor(ImGuiCol_Text, theme::kDim);
    ImGui::TextUnformatted(text);
    ImGui::PopStyleColor();
    ImGui::PopFont();
}

void text(uint32_t colour, const std::string& text) {
    ImGui::PushStyleColor(ImGuiCol_Text, colour);
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopStyleColor();
}

void small_text(Screen& screen, uint32_t colour, const std::string& what) {
    ImGui::PushFont(screen.ui().small);
    text(colour, what);
    ImGui::PopFont();
}

float field_name(Screen& screen, const char* name, const char* tip) {
    const float right = ImGui::GetWindowContentRegionMax().x;
    ImGui::AlignTextToFramePadding();
    text(theme::kDim, name);
    tooltip(tip);
    ImGui::SameLine(70 * screen.ui().scale());
    return right - ImGui::GetCursorPosX();
}

void figure(Screen& screen, const char* name, const std::string& value, const char* tip) {
    small_text(screen, theme::kDim, name);
    tooltip(tip);
    ImGui::PushFont(screen.ui().small);
    ImGui::SameLine(ImGui::GetWindowContentRegionMax().x - ImGui::CalcTextSize(value.c_str()).x);
    text(theme::kText, value);
    ImGui::PopFont();
}

void badge(Screen& screen, float x, float y, const std::string& what) {
    const ImFont* font = screen.ui().body;
    const float scale = screen.ui().scale();
    auto* list = ImGui::GetForegroundDrawList();
    const float size = font->FontSize;
    const ImVec2 extent = font->CalcTextSizeA(size, 1e9F, 0, what.c_str());
    const float pad = 9 * scale;
    const ImVec2 corner{x - extent.x / 2 - pad, y};
    list->AddRectFilled(corner, {corner.x + extent.x + 2 * pad, y + extent.y + 1.4F * pad},
                        theme::rgb(0x14161A, 225), 4 * scale);
    list->AddText(font, size, {corner.x + pad, y + 0.7F * pad}, theme::kText, what.c_str());
}

std::string clock_text(double seconds) {
    const auto minutes = static_cast<int64_t>(seconds / 60);
    return fmt::format("{}:{:04.1f}", minutes,
                       std::floor(10 * (seconds - 60.0 * static_cast<double>(minutes))) / 10);
}

std::string shortened(const std::string& text, float width) {
    if (ImGui::CalcTextSize(text.c_str()).x <= width) {
        return text;
    }
    std::string result = text;
    while (!result.empty() && ImGui::CalcTextSize((result + "...").c_str()).x > width) {
        do {
            result.pop_back();
        } while (!result.empty() && (static_cast<uint8_t>(result.back()) & 0x80U) != 0);
    }
    return result + "...";
}

}  // namespace longtake::interactive
