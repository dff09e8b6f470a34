#pragma once

#include "core/tensor.h"

#include <span>
#include <vector>

namespace longtake::diffusion {

// What an image-to-video Wan reads beside the noisy latents, in this order: four channels of a
// mask, and the latents of a clip that begins with the picture and is grey from then on. `clip`
// [F, C, h, w] -> [F, 4 + C, h, w], both fp32 on the CPU; the mask is 1 in the first frame.
Tensor image_condition(const Tensor& clip);

// Where a point of the first frame is in each frame of a clip: parts of the picture, 0 to 1.
struct PathPlace {
    float x, y;
    bool visible;
};
using PointPath = std::vector<PathPlace>;  // 4 F - 3 places

// The same, edited so that a model follows points. Both copy what the first frame's latents are
// where a point begins to where it is; immutable rules of models with public weights that are told
// of motion in no other way.
//
// ATI: softly, by how near a cell is to the point (the two nearest of all points), bilinear at its
// source; the mask tells how much. A latent frame takes the mean of its four frames.
Tensor ati_condition(const Tensor& clip, std::span<const PointPath> paths);
// Wan-Move: the whole cell, as it is; a latent frame takes the last of its four frames. Of several
// points in a cell the last one counts. The mask stays.
Tensor wan_move_condition(const Tensor& clip, std::span<const PointPath> paths);

}  // namespace longtake::diffusion
