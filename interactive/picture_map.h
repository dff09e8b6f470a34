#pragma once

#include "render/layout.h"

#include <cstdint>

namespace longtake::interactive {

struct Place {
    float x, y;  // pixels
};

// Between pixels of the take and of the screen.
struct PictureMap {
    render::Rect place;  // of the picture on the screen
    int64_t width = 0, height = 0;

    float scale() const { return static_cast<float>(place.width) / static_cast<float>(width); }
    Place to_screen(Place take) const {
        return {static_cast<float>(place.x) + scale() * take.x,
                static_cast<float>(place.y) + scale() * take.y};
    }
    Place to_take(Place screen) const {
        return {(screen.x - static_cast<float>(place.x)) / scale(),
                (screen.y - static_cast<float>(place.y)) / scale()};
    }
    bool contains(Place screen) const {
        const Place at = to_take(screen);
        return at.x >= 0 && at.y >= 0 && at.x < static_cast<float>(width) &&
               at.y < static_cast<float>(height);
    }
};

}  // namespace longtake::interactive
