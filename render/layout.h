#pragma once

#include <cstdint>

namespace longtake::render {

// In pixels of the target, from its upper left corner.
struct Rect {
    int32_t x = 0, y = 0;
    int32_t width = 0, height = 0;

    bool empty() const { return width <= 0 || height <= 0; }
    bool operator==(const Rect&) const = default;
};

// The largest rectangle of the shape of a width x height picture in the middle of `area`; the rest
// stays empty. Whole pixels.
Rect letterbox(const Rect& area, int64_t width, int64_t height);

}  // namespace longtake::render
