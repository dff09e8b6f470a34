#pragma once

#include "core/tensor.h"
#include "diffusion/models/point_rule.h"
#include "generator/tracks/tracks.h"

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace longtake::generator {

// The points that a take was asked to follow, as a diffusion::PointRule is told of them: with what
// the picture, or later the take itself, was where each of them began.
class FollowedPoints {
  public:
    // The points of a chunk's tracks, in pixels of `width` x `height`. Those not known yet begin
    // where they are first seen in it; `before`, which is asked for them alone, gives the latents
    // [1, C, h, w] fp32 on the CPU of the frame before, of a take's first chunk those of its
    // picture. Points that these tracks do not have are forgotten.
    std::vector<diffusion::MovingPoint> take_up(const Tracks& tracks, int64_t width, int64_t height,
                                                const diffusion::PointRule& rule,
                                                const std::function<Tensor()>& before);
    void clear() { features_.clear(); }

  private:
    std::map<int32_t, std::vector<float>> features_;  // by the point's id
};

}  // namespace longtake::generator
