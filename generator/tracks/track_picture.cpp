#include "generator/tracks/track_picture.h"

#include "core/canvas.h"

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

constexpr double kLongSide = 960;  // pixels of the picture, at least
constexpr double kRoom = 0.25;     // around it, of its sides
constexpr uint8_t kGround = 20;
constexpr float kStays = 1;     // pixels that what stays may move, in all
constexpr int64_t kBehind = 6;  // frames of the way that is drawn

using Colour = std::array<uint8_t, 3>;
constexpr Colour kMoving{0x7F, 0xB4, 0xE8}, kStatic{0xE2, 0x57, 0x4C}, kBorder{0x86, 0x8C, 0x97};
constexpr Colour kAsked{0, 0xE0, 0xFF}, kFound{0xFF, 0xE0, 0};

bool stays(const Tracks& tracks, int64_t point) {
    float x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        if (const TrackPoint& p = tracks.at(t, point); p.visible) {
            x0 = std::min(x0, p.x), x1 = std::max(x1, p.x);
            y0 = std::min(y0, p.y), y1 = std::max(y1, p.y);
        }
    }
    return x1 - x0 <= kStays && y1 - y0 <= kStays;
}

Colour at_part(const Colour& colour, double part) {
    Colour mixed;
    for (size_t c = 0; c < 3; ++c) {
        mixed[c] = static_cast<uint8_t>((0.4 + 0.6 * part) * colour[c]);
    }
    return mixed;
}

void draw_track(Tensor& image, const Tracks& tracks, int64_t n, bool resting,
                const auto& on_image) {
    const Colour& colour = resting ? kStatic : kMoving;
    const auto frames = static_cast<double>(std::max<int64_t>(1, tracks.frames() - 1));
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        const TrackPoint& now = tracks.at(t, n);
        if (!now.visible) {
            continue;
        }
        const Ink ink{at_part(colour, resting ? 1 : static_cast<double>(t) / frames)};
        if (t == 0 || !tracks.at(t - 1, n).visible) {
            draw_ring(image, on_image(now), 3.5F, 1, ink);
        } else {
            draw_line(image, on_image(tracks.at(t - 1, n)), on_image(now), 1.5F, ink);
        }
        if (t + 1 == tracks.frames() || !tracks.at(t + 1, n).visible) {
            draw_disc(image, on_image(now), 2.5F, ink);
        }
    }
}

// The way to where the points are in frame `t` of the tracks.
void draw_moment(Tensor& image, const Tracks& tracks, int64_t t, const Colour& colour) {
    if (t >= tracks.frames()) {
        return;
    }
    for (int64_t n = 0; n < tracks.points(); ++n) {
        for (int64_t i = t; i > std::max<int64_t>(0, t - kBehind); --i) {
            const TrackPoint &a = tracks.at(i - 1, n), &b = tracks.at(i, n);
            if (!a.visible || !b.visible) {
                break;
            }
            draw_line(image, {a.x, a.y}, {b.x, b.y}, 1, {.colour = colour, .opacity = 0.6F});
        }
        if (const TrackPoint& now = tracks.at(t, n); now.visible) {
            draw_disc(image, {now.x, now.y}, 1.5F, {.colour = colour});
        }
    }
}

}  // namespace

Tensor track_picture(const Tracks& tracks, const TrackFrame& frame) {
    const auto width = static_cast<double>(frame.width), height = static_cast<double>(frame.height);
    const double scale = std::max(1., kLongSide / std::max(width, height));
    const auto pixels = [&](double side) { return std::llround(scale * side * (1 + 2 * kRoom)); };
    Tensor image({pixels(height), pixels(width), 3}, DType::U8);
    std::ranges::fill(image.values<uint8_t>(), kGround);
    const auto at = [&](double x, double y) {
        return Spot{static_cast<float>(scale * (x + kRoom * width)),
                    static_cast<float>(scale * (y + kRoom * height))};
    };
    const std::array corners{at(0, 0), at(width, 0), at(width, height), at(0, height)};
    for (size_t i = 0; i < corners.size(); ++i) {
        draw_line(image, corners[i], corners[(i + 1) % corners.size()], 1, {.colour = kBorder});
    }
    const auto on_image = [&](const TrackPoint& p) {
        return at(static_cast<double>(p.x), static_cast<double>(p.y));
    };
    for (int64_t n = 0; n < tracks.points(); ++n) {
        draw_track(image, tracks, n, stays(tracks, n), on_image);
    }
    return image;
}

void draw_tracks(Tensor& frames, int64_t first, const Tracks& asked, const Tracks& found) {
    for (int64_t t = 0; t < frames.extent(0); ++t) {
        Tensor image =
            frames.slice(t, t + 1).reshape({frames.extent(1), frames.extent(2), frames.extent(3)});
        draw_moment(image, asked, first + t, kAsked);
        draw_moment(image, found, first + t, kFound);
    }
}

}  // namespace longtake::generator
