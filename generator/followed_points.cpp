#include "generator/followed_points.h"

#include "diffusion/models/latent_grid.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// Frames go with latents four by four; those that a first latent lacks are before the others.
diffusion::PointPath path_of(const Tracks& tracks, int64_t n, int64_t width, int64_t height) {
    constexpr int64_t kFrames = diffusion::kLatentFrames;
    const int64_t lead = (kFrames - tracks.frames() % kFrames) % kFrames;
    diffusion::PointPath path(static_cast<size_t>(lead), {0, 0, false});
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        const TrackPoint& point = tracks.at(t, n);
        path.push_back({point.x / static_cast<float>(width), point.y / static_cast<float>(height),
                        point.visible});
    }
    return path;
}

bool begins(const diffusion::PathPlace& p) {
    return p.visible && p.x >= 0 && p.y >= 0 && p.x < 1 && p.y < 1;
}

}  // namespace

std::vector<diffusion::MovingPoint> FollowedPoints::take_up(const Tracks& tracks, int64_t width,
                                                            int64_t height,
                                                            const diffusion::PointRule& rule,
                                                            const std::function<Tensor()>& before) {
    std::vector<diffusion::MovingPoint> points;
    Tensor latent;
    std::map<int32_t, std::vector<float>> known;
    for (int64_t n = 0; n < tracks.points(); ++n) {
        diffusion::PointPath path = path_of(tracks, n, width, height);
        const int32_t id = tracks.ids()[static_cast<size_t>(n)];
        if (const auto old = features_.find(id); old != features_.end()) {
            known.insert(features_.extract(old));
        } else if (const auto first = std::ranges::find_if(path, begins); first != path.end()) {
            if (latent.empty()) {
                latent = before();
            }
            known.emplace(id, rule.feature(latent, *first));
        } else {
            continue;
        }
        points.push_back({known.at(id), std::move(path)});
    }
    features_ = std::move(known);  // points that are asked for no more are forgotten
    return points;
}

}  // namespace longtake::generator
