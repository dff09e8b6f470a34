#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

namespace longtake::interactive {
namespace {

// A line of text on a dark ground, its middle at `x`.
void badge(ImFont* font, float x, float y, const std::string& text, float scale) {
    auto* list = ImGui::GetForegroundDrawList();
    const float size = font->FontSize;
    const ImVec2 extent = font->CalcTextSizeA(size, 1e9F, 0, text.c_str());
    const float pad = 9 * scale;
    const ImVec2 corner{x - extent.x / 2 - pad, y};
    list->AddRectFilled(corner, {corner.x + extent.x + 2 * pad, y + extent.y + 1.4F * pad},
                        theme::rgb(0x14161A, 225), 4 * scale);
    list->AddText(font, size, {corner.x + pad, y + 0.7F * pad}, theme::kText, text.c_str());
}

}  // namespace

void draw_overlay(Viewer& viewer, const Layout& layout, const render::Rect& video) {
    const float scale = viewer.ui().scale();
    const auto middle =
        static_cast<float>(layout.video.x) + static_cast<float>(layout.video.width) / 2;
    const auto top = static_cast<float>(video.y);
    const auto height = static_cast<float>(video.height);
    const auto& pacer = viewer.live().pacer();
    if (pacer.chunk() == nullptr) {
        badge(viewer.ui().body, middle, top + height / 2, "Making the first frames", scale);
    } else if (pacer.paused()) {
        badge(viewer.ui().body, middle, top + 14 * scale, "Paused", scale);
    }
    if (!viewer.notice().empty()) {
        badge(viewer.ui().body, middle, top + height - 52 * scale,
              shortened(viewer.notice(), static_cast<float>(layout.video.width) - 60 * scale),
              scale);
    }
}

}  // namespace longtake::interactive
