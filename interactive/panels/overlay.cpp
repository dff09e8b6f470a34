#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

namespace longtake::interactive {
void draw_notice(Screen& screen, const render::Rect& picture) {
    const float scale = screen.ui().scale();
    if (!screen.notice().empty()) {
        const auto width = static_cast<float>(picture.width);
        badge(screen, static_cast<float>(picture.x) + width / 2,
              static_cast<float>(picture.y + picture.height) - 52 * scale,
              shortened(screen.notice(), width - 60 * scale));
    }
}

void draw_overlay(Viewer& viewer, const Layout& layout, const render::Rect& video) {
    const float scale = viewer.ui().scale();
    const auto middle =
        static_cast<float>(layout.video.x) + static_cast<float>(layout.video.width) / 2;
    const auto top = static_cast<float>(video.y);
    const auto height = static_cast<float>(video.height);
    const auto& pacer = viewer.live().pacer();
    if (pacer.chunk() == nullptr) {
        badge(viewer, middle, top + height / 2, "Making the first frames");
    } else if (pacer.paused()) {
        badge(viewer, middle, top + 14 * scale, "Paused");
    }
    draw_notice(viewer, {layout.video.x, video.y, layout.video.width, video.height});
}

}  // namespace longtake::interactive
