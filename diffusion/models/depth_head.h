#pragma once

#include "core/tensor.h"
#include "diffusion/ops/conv2d.h"
#include "diffusion/weights/weight_map.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace longtake::diffusion {

// How far away things are, told from a latent frame by convolutions on its grid, so that the move
// of a camera can become tracks. fp32 on the CPU: it is small, and whoever asks wants the answer
// there. Immutable; tools/train/nets/depth.py is where it is trained.
class DepthHead {
  public:
    // Reads depth_head.enter, .layers.0 ... and .leave, each .weight [out, in, 3, 3] and .bias.
    explicit DepthHead(const WeightMap& weights);
    int64_t latent_channels() const { return enter_.in(); }
    class State;

  private:
    Conv2d enter_;
    std::vector<Conv2d> layers_;  // x = relu(conv(x) + x)
    Conv2d leave_;
};

// What one size needs to run; for one thread at a time.
class DepthHead::State {
  public:
    State(std::shared_ptr<const DepthHead> head, int64_t height, int64_t width);

    // latent [1, C, h, w] fp32 on the CPU -> depth along the optical axis [h, w], in units of the
    // scenes that it was trained on.
    Tensor run(const Tensor& latent);

  private:
    std::shared_ptr<const DepthHead> head_;
    Workspace workspace_;
    std::unique_ptr<Conv2d::Plan> enter_, leave_;
    std::vector<std::unique_ptr<Conv2d::Plan>> layers_;
    Tensor latent_, x_, y_, out_;
};

}  // namespace longtake::diffusion
