#include "diffusion/models/point_rule.h"

#include "core/error.h"

namespace longtake::diffusion {

void PointRule::check_points(std::span<const MovingPoint> points, const Tensor& channels) {
    for (const MovingPoint& point : points) {
        check(std::ssize(point.path) == 4 * channels.extent(0) &&
                  std::ssize(point.feature) == channels.extent(1) - 4,
              "a point of {} places and {} values for channels {}", point.path.size(),
              point.feature.size(), channels.shape().str());
    }
}

std::shared_ptr<const PointRule> make_point_rule(std::string_view name) {
    return name == "ati" ? make_ati_rule() : name == "wan-move" ? make_wan_move_rule() : nullptr;
}

}  // namespace longtake::diffusion
