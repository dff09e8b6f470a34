#include "render/layout.h"

#include <algorithm>
#include <cmath>

namespace longtake::render {

Rect letterbox(const Rect& area, int64_t width, int64_t height) {
    if (area.empty() || width <= 0 || height <= 0) {
        return {area.x, area.y, 0, 0};
    }
    const double scale = std::min(static_cast<double>(area.width) / static_cast<double>(width),
                                  static_cast<double>(area.height) / static_cast<double>(height));
    const auto side = [&](int64_t length, int32_t most) {
        const auto pixels = std::lround(static_cast<double>(length) * scale);
        return std::clamp(static_cast<int32_t>(pixels), 1, most);
    };
    Rect fitted{0, 0, side(width, area.width), side(height, area.height)};
    fitted.x = area.x + (area.width - fitted.width) / 2;
    fitted.y = area.y + (area.height - fitted.height) / 2;
    return fitted;
}

}  // namespace longtake::render
