#include "diffusion/models/point_rule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace longtake::diffusion {
namespace {

constexpr double kSharpness = 220;  // of exp(-kSharpness distance^2)
constexpr size_t kNearest = 2;      // points that a cell takes up

// Of tensors `w` x `h` cells large: their short side reaches from -1 to 1, for cells from middle
// to middle of the outermost.
struct Plane {
    explicit Plane(const Tensor& of)
        : w(of.extent(3)),
          h(of.extent(2)),
          half_width(static_cast<double>(w) / static_cast<double>(std::min(h, w))),
          half_height(static_cast<double>(h) / static_cast<double>(std::min(h, w))) {}
    int64_t w, h;
    double half_width, half_height;

    double x(float part) const { return (2 * static_cast<double>(part) - 1) * half_width; }
    double y(float part) const { return (2 * static_cast<double>(part) - 1) * half_height; }
    static double cell(int64_t i, int64_t count, double half) {
        return count > 1 ? half * (2 * static_cast<double>(i) / static_cast<double>(count - 1) - 1)
                         : -half;
    }
};

// Bilinear between cells' middles, 0 outside.
std::vector<float> feature_at(const Tensor& latent, const Plane& plane, const PathPlace& place) {
    const int64_t channels = latent.extent(1);
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
                    latent.data<float>()[(c * plane.h + y) * plane.w + x];
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
    for (int64_t t = 4 * latent; t < 4 * latent + 4; ++t) {
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

class AtiRule final : public PointRule {
  public:
    std::vector<float> feature(const Tensor& latent, const PathPlace& place) const override {
        return feature_at(latent, Plane(latent), place);
    }
    void move(std::span<const MovingPoint> points, Tensor& channels) const override;
};

void AtiRule::move(std::span<const MovingPoint> points, Tensor& channels) const {
    const Plane plane(channels);
    const int64_t w = plane.w, area = w * plane.h;
    check_points(points, channels);
    for (int64_t f = 0; f < channels.extent(0); ++f) {
        std::vector<MeanPlace> places;
        for (const MovingPoint& point : points) {
            places.push_back(mean_place(plane, point.path, f));
        }
        float* const frame = channels.data<float>() + f * channels.extent(1) * area;
        for (int64_t i = 0; i < area; ++i) {
            const double x = Plane::cell(i % w, w, plane.half_width);
            const double y = Plane::cell(i / w, plane.h, plane.half_height);
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
            for (int64_t c = 0; c < channels.extent(1) - 4; ++c) {
                float& value = frame[(4 + c) * area + i];
                double mixed = rest * static_cast<double>(value);
                for (const Near& near : nearest) {
                    mixed += near.weight > 0
                                 ? near.weight * static_cast<double>(
                                                     points[near.point].feature[static_cast<size_t>(c)])
                                 : 0;
                }
                value = static_cast<float>(mixed);
            }
        }
    }
}

}  // namespace

std::shared_ptr<const PointRule> make_ati_rule() {
    return std::make_shared<AtiRule>();
}

}  // namespace longtake::diffusion
