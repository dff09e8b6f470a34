#include "diffusion/models/point_rule.h"

#include <cmath>
#include <optional>

namespace longtake::diffusion {
namespace {

// The cell that a place is in; nothing where it is not visible or outside.
std::optional<int64_t> cell_of(const PathPlace& place, int64_t h, int64_t w) {
    const auto x = static_cast<int64_t>(std::floor(place.x * static_cast<float>(w)));
    const auto y = static_cast<int64_t>(std::floor(place.y * static_cast<float>(h)));
    const bool inside = place.visible && x >= 0 && y >= 0 && x < w && y < h;
    return inside ? std::optional(y * w + x) : std::nullopt;
}

class WanMoveRule final : public PointRule {
  public:
    std::vector<float> feature(const Tensor& latent, const PathPlace& place) const override {
        const int64_t area = latent.extent(2) * latent.extent(3);
        const auto cell = cell_of(place, latent.extent(2), latent.extent(3));
        std::vector<float> feature;
        for (int64_t c = 0; cell && c < latent.extent(1); ++c) {
            feature.push_back(latent.data<float>()[c * area + *cell]);
        }
        return feature;
    }
    void move(std::span<const MovingPoint> points, Tensor& channels) const override {
        check_points(points, channels);
        const int64_t h = channels.extent(2), w = channels.extent(3);
        for (const MovingPoint& point : points) {
            for (int64_t f = 0; f < channels.extent(0); ++f) {
                const auto target = cell_of(point.path[static_cast<size_t>(4 * f + 3)], h, w);
                for (int64_t c = 4; c < channels.extent(1) && target; ++c) {
                    channels.data<float>()[(f * channels.extent(1) + c) * h * w + *target] =
                        point.feature[static_cast<size_t>(c - 4)];
                }
            }
        }
    }
};

}  // namespace

std::shared_ptr<const PointRule> make_wan_move_rule() {
    return std::make_shared<WanMoveRule>();
}

}  // namespace longtake::diffusion
