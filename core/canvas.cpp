#include "core/canvas.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>

namespace longtake {
namespace {

// Lays ink on all pixels of a box by how far their centres are from a shape: within it where the
// distance is negative.
template <typename Distance>
void draw(Tensor& image, Spot least, Spot most, const Ink& ink, const Distance& distance) {
    check(image.shape().rank() == 3 && image.extent(2) == 3 && image.dtype() == DType::U8,
          "drawing on {} of {}", image.shape().str(), name_of(image.dtype()));
    const auto within = [](float at, int64_t extent) {
        return static_cast<int64_t>(std::clamp(at, 0.F, static_cast<float>(extent)));
    };
    const int64_t width = image.extent(1);
    const int64_t x0 = within(least.x - 1, width), x1 = within(most.x + 2, width);
    const int64_t y0 = within(least.y - 1, image.extent(0));
    const int64_t y1 = within(most.y + 2, image.extent(0));
    for (int64_t y = y0; y < y1; ++y) {
        for (int64_t x = x0; x < x1; ++x) {
            const float away =
                distance(Spot{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F});
            const float cover = ink.opacity * std::clamp(0.5F - away, 0.F, 1.F);
            uint8_t* pixel = image.data<uint8_t>() + 3 * (y * width + x);
            for (size_t c = 0; c < 3; ++c) {
                const auto before = static_cast<float>(pixel[c]);
                const auto wanted = static_cast<float>(ink.colour[c]);
                pixel[c] = static_cast<uint8_t>(before + cover * (wanted - before) + 0.5F);
            }
        }
    }
}

float apart(Spot a, Spot b) {
    return std::hypot(a.x - b.x, a.y - b.y);
}

}  // namespace

void draw_line(Tensor& image, Spot from, Spot to, float width, const Ink& ink) {
    const float dx = to.x - from.x, dy = to.y - from.y, square = dx * dx + dy * dy;
    const float reach = width / 2;
    draw(image, {std::min(from.x, to.x) - reach, std::min(from.y, to.y) - reach},
         {std::max(from.x, to.x) + reach, std::max(from.y, to.y) + reach}, ink, [&](Spot at) {
             const float along = (at.x - from.x) * dx + (at.y - from.y) * dy;
             const float part = square > 0 ? std::clamp(along / square, 0.F, 1.F) : 0;
             return apart(at, {from.x + part * dx, from.y + part * dy}) - reach;
         });
}

void draw_disc(Tensor& image, Spot centre, float radius, const Ink& ink) {
    draw_line(image, centre, centre, 2 * radius, ink);
}

void draw_ring(Tensor& image, Spot centre, float radius, float width, const Ink& ink) {
    const float reach = radius + width / 2;
    draw(image, {centre.x - reach, centre.y - reach}, {centre.x + reach, centre.y + reach}, ink,
         [&](Spot at) { return std::abs(apart(at, centre) - radius) - width / 2; });
}

}  // namespace longtake
