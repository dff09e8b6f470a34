#include "interactive/panels/panels.h"
#include "interactive/screen.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>

namespace longtake::interactive {

Layout lay_out(Screen& screen, const Parts& parts) {
    const auto size = ImGui::GetIO().DisplaySize;
    const auto units = [&](double n) {
        return static_cast<int32_t>(std::lround(n * static_cast<double>(screen.ui().scale())));
    };
    const auto width = static_cast<int32_t>(size.x), height = static_cast<int32_t>(size.y);
    Layout layout;
    const int32_t side = parts.sidebar ? std::min(units(300), width / 2) : 0;
    const int32_t left = width - side;
    if (parts.sidebar) {
        layout.sidebar = {left, 0, side, height};
    }
    int32_t bottom = height;
    const auto strip = [&](int32_t wanted) {
        bottom -= wanted;
        return render::Rect{0, bottom, left, wanted};
    };
    if (parts.timeline) {
        layout.timeline = strip(units(112));
    }
    if (parts.transport) {
        layout.transport = strip(units(50));
    }
    if (parts.prompt) {
        layout.prompt = strip(units(72));
    }
    layout.video = {0, 0, left, std::max(0, bottom)};
    return layout;
}

}  // namespace longtake::interactive
