#include "generator/tracks/point_tracker.h"

#include "core/error.h"
#include "core/parallel.h"
#include "generator/tracks/lucas_kanade.h"

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

constexpr float kMostBack = 1;         // pixels between a point and where the way back leads
constexpr float kMostDifference = 30;  // of patches one frame apart
constexpr int64_t kAllLevels = 8;

}  // namespace

void PointTracker::add(int32_t id, float x, float y) {
    points_.push_back({id, x, y});
}

std::optional<PointTracker::Followed> PointTracker::followed(const Followed& point,
                                                             const ImagePyramid& next) const {
    const Spot from{point.x, point.y};
    const auto there = find_patch(*newest_, from, next, from, kAllLevels);
    if (!there || there->difference > kMostDifference) {
        return std::nullopt;
    }
    const auto back = find_patch(next, there->at, *newest_, there->at, kAllLevels);
    if (!back || std::hypot(back->at.x - from.x, back->at.y - from.y) > kMostBack) {
        return std::nullopt;
    }
    return Followed{point.id, there->at.x, there->at.y};
}

void PointTracker::advance(const Tensor& frame) {
    auto next = std::make_shared<const ImagePyramid>(frame, kSmallestLevel, kPyramidRim);
    if (newest_) {
        check(next->width() == newest_->width() && next->height() == newest_->height(),
              "a frame of {}x{} after one of {}x{}", next->width(), next->height(),
              newest_->width(), newest_->height());
        std::vector<std::optional<Followed>> after(points_.size());
        parallel_for(std::ssize(points_), [&](int64_t n) {
            const auto at = static_cast<size_t>(n);
            after[at] = followed(points_[at], *next);
        });
        points_.clear();
        for (const auto& point : after) {
            if (point) {
                points_.push_back(*point);
            }
        }
    }
    newest_ = std::move(next);
}

}  // namespace longtake::generator
