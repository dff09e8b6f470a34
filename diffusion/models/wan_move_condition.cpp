#include "core/error.h"
#include "diffusion/models/image_condition.h"

#include <cmath>
#include <optional>

// Wan-Move (arXiv 2512.08765).
namespace longtake::diffusion {
namespace {

// The cell that a place is in; nothing where it is not visible or outside.
std::optional<int64_t> cell_of(const PathPlace& place, int64_t h, int64_t w) {
    const auto x = static_cast<int64_t>(std::floor(place.x * static_cast<float>(w)));
    const auto y = static_cast<int64_t>(std::floor(place.y * static_cast<float>(h)));
    const bool inside = place.visible && x >= 0 && y >= 0 && x < w && y < h;
    return inside ? std::optional(y * w + x) : std::nullopt;
}

}  // namespace

Tensor wan_move_condition(const Tensor& clip, std::span<const PointPath> paths) {
    Tensor all = image_condition(clip);
    const int64_t frames = clip.extent(0), channels = clip.extent(1);
    const int64_t h = clip.extent(2), w = clip.extent(3), area = h * w;
    for (const PointPath& path : paths) {
        check(std::ssize(path) == 4 * frames - 3, "a path of {} places for {} latents", path.size(),
              frames);
        const auto source = cell_of(path.front(), h, w);
        for (int64_t f = 1; f < frames && source; ++f) {
            const auto target = cell_of(path[static_cast<size_t>(4 * f)], h, w);
            for (int64_t c = 0; c < channels && target; ++c) {
                all.data<float>()[(f * (4 + channels) + 4 + c) * area + *target] =
                    clip.data<float>()[c * area + *source];
            }
        }
    }
    return all;
}

}  // namespace longtake::diffusion
