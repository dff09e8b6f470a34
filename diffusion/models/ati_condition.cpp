#include "core/error.h"
#include "diffusion/models/image_condition.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

// ATI (arXiv 2505.22944).
namespace longtake::diffusion {
namespace {

constexpr double kSharpness = 220;  // of exp(-kSharpness distance^2)
constexpr size_t kNearest = 2;      // points that a cell takes up

// Of pictures `w` x `h` cells large: their short side reaches from -1 to 1, for cells from middle
// to middle of the outermost.
struct Plane {
    double half_width, half_height;
    int64_t w, h;

    double x(float part) const { return (2 * static_cast<double>(part) - 1) * half_width; }
    double y(float part) const { return (2 * static_cast<double>(part) - 1) * half_height; }
    static double cell(int64_t i, int64_t count, double half) {
        return count > 1 ? half * (2 * static_cast<double>(i) / static_cast<double>(count - 1) - 1)
                         : -half;
    }
};

// Bilinear between cells' middles, 0 outside.
std::vector<float> feature_at(const Tensor& clip, const Plane& plane, const PathPlace& place) {
    const int64_t channels = clip.extent(1);
    const double u =
        std::clamp(static_cast<double>(place.x), 0., 1.) * static_cast<double>(plane.w) - 0.5;
    const double v =
        std::clamp(static_cast<double>(place.y), 0., 1.) * static_cast<double>(plane.h) - 0.5;
    const auto left = static_cast<int64_t>(std::floor(u)),
               top = static_cast<int64_t>(std::floor(v));
    std::vector<float> feature(static_cast<size_t>(channels));
    for (int64_t dy = 0; dy < 2; ++dy) {
        for (int64_t dx = 0; dx < 2; ++dx) {
            const int64_t x = left + dx, y = top + dy;
            if (x < 0 || y < 0 || x >= plane.w || y >= plane.h) {
                continue;
            }
            const double weight = (1 - std::abs(u - static_cast<double>(x))) *
                                  (1 - std::abs(v - static_cast<double>(y)));
            for (int64_t c = 0; c < channels; ++c) {
                feature[static_cast<size_t>(c)] +=
                    static_cast<float>(weight) *
                    clip.data<float>()[(c * plane.h + y) * plane.w + x];
            }
        }
    }
    return feature;
}

// The mean place of a point over the four frames of a latent one; `weight` 0: not visible.
struct MeanPlace {
    double x, y, weight;
};
MeanPlace mean_place(const Plane& plane, const PointPath& path, int64_t latent) {
    MeanPlace mean{0, 0, 0};
    for (int64_t t = 4 * latent - 3; t <= 4 * latent; ++t) {
        if (const PathPlace& p = path[static_cast<size_t>(t)]; p.visible) {
            mean.x += plane.x(p.x);
            mean.y += plane.y(p.y);
            mean.weight += 1;
        }
    }
    mean.x /= mean.weight + 1e-5;
    mean.y /= mean.weight + 1e-5;
    mean.weight = std::min(mean.weight, 1.);
    return mean;
}

}  // namespace

Tensor ati_condition(const Tensor& clip, std::span<const PointPath> paths) {
    Tensor all = image_condition(clip);
    const int64_t frames = clip.extent(0), channels = clip.extent(1);
    const int64_t h = clip.extent(2), w = clip.extent(3), area = h * w;
    const auto shorter = static_cast<double>(std::min(h, w));
    const Plane plane{static_cast<double>(w) / shorter, static_cast<double>(h) / shorter, w, h};
    std::vector<std::vector<float>> features;
    for (const PointPath& path : paths) {
        check(std::ssize(path) == 4 * frames - 3, "a path of {} places for {} latents", path.size(),
              frames);
        features.push_back(feature_at(clip, plane, path.front()));
    }
    for (int64_t f = 1; f < frames; ++f) {
        std::vector<MeanPlace> places;
        for (const PointPath& path : paths) {
            places.push_back(mean_place(plane, path, f));
        }
        float* const frame = all.data<float>() + f * (4 + channels) * area;
        for (int64_t i = 0; i < area; ++i) {
            const double x = Plane::cell(i % w, w, plane.half_width);
            const double y = Plane::cell(i / w, h, plane.half_height);
            struct Near {
                double weight = 0;
                size_t point = 0;
            };
            std::array<Near, kNearest> nearest;  // the strongest first
            for (size_t n = 0; n < places.size(); ++n) {
                const double dx = places[n].x - x, dy = places[n].y - y;
                Near now{std::exp(-kSharpness * (dx * dx + dy * dy)) * places[n].weight, n};
                for (Near& kept : nearest) {
                    if (now.weight > kept.weight) {
                        std::swap(now, kept);
                    }
                }
            }
            double sum = 0;
            for (const Near& near : nearest) {
                sum += near.weight;
            }
            for (int64_t m = 0; m < 4; ++m) {
                frame[m * area + i] = static_cast<float>(sum);
            }
            const double rest = 1 - std::min(sum, 1.);
            for (int64_t c = 0; c < channels; ++c) {
                float& value = frame[(4 + c) * area + i];
                double mixed = rest * static_cast<double>(value);
                for (const Near& near : nearest) {
                    mixed += near.weight > 0
                                 ? near.weight * static_cast<double>(
                                                     features[near.point][static_cast<size_t>(c)])
                                 : 0;
                }
                value = static_cast<float>(mixed);
            }
        }
    }
    return all;
}

}  // namespace longtake::diffusion
