#pragma once

#include "core/tensor.h"

#include <array>

namespace longtake {

// What is drawn onto an image [H, W, 3]: places in pixels from its upper left corner, so that the
// centre of the first pixel is at (0.5, 0.5); edges are smooth; what lies outside is left out.
struct Ink {
    std::array<uint8_t, 3> colour{255, 255, 255};
    float opacity = 1;
};
struct Spot {
    float x, y;
};

void draw_line(Tensor& image, Spot from, Spot to, float width, const Ink& ink);
void draw_disc(Tensor& image, Spot centre, float radius, const Ink& ink);
void draw_ring(Tensor& image, Spot centre, float radius, float width, const Ink& ink);

}  // namespace longtake
