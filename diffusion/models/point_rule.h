#pragma once

#include "core/tensor.h"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace longtake::diffusion {

// Where a point is in each frame of a chunk: parts of the picture, 0 to 1.
struct PathPlace {
    float x, y;
    bool visible;
};
using PointPath = std::vector<PathPlace>;

struct MovingPoint {
    std::vector<float> feature;  // [C], of where it began
    PointPath path;              // four places for each latent frame of the chunk
};

// How an image-to-video model that was trained to follow points is told of them: what the latents
// were where a point began is copied to where it is, in the channels beside the noisy latents that
// otherwise show the picture and grey (image_condition.h). Immutable.
class PointRule {
  public:
    virtual ~PointRule() = default;

    // What is copied of a point that begins at `place`, inside the picture whose latents are these,
    // [1, C, h, w] fp32 on the CPU.
    virtual std::vector<float> feature(const Tensor& latent, const PathPlace& place) const = 0;
    // Into channels [F, 4 + C, h, w] of latent frames after the picture's, fp32 on the CPU.
    virtual void move(std::span<const MovingPoint> points, Tensor& channels) const = 0;

  protected:
    static void check_points(std::span<const MovingPoint> points, const Tensor& channels);
};

// ATI (arXiv 2505.22944): softly, by how near a cell is to the point (the two nearest of all
// points), bilinear at its source; the mask tells how much. A latent frame takes the mean of its
// four frames.
std::shared_ptr<const PointRule> make_ati_rule();
// Wan-Move (arXiv 2512.08765): the whole cell, as it is; a latent frame takes the last of its four
// frames. Of several points in a cell the last one counts. The mask stays.
std::shared_ptr<const PointRule> make_wan_move_rule();

// "ati" or "wan-move"; null for any other name.
std::shared_ptr<const PointRule> make_point_rule(std::string_view name);

}  // namespace longtake::diffusion
