#pragma once

#include "diffusion/video_model.h"
#include "generator/control/depth.h"

#include <cstdint>

namespace longtake::generator {

// How far off what a take shows is, as its model sees it in its own latents: in units of the
// middle of the first picture that is asked about; of the sky it is not known.
class LatentDepth {
  public:
    // Of a model with a depth head; in `unit` scene units, if that is known already.
    explicit LatentDepth(const diffusion::VideoModel& model, double unit = 0);

    // latent [1, C, h, w] fp32 -> depth of the take's size; that of the sky is not known.
    Depth of(const Tensor& latent);
    double unit() const { return unit_; }

  private:
    int64_t width_, height_;
    diffusion::DepthHead::State head_;
    double unit_;  // scene units; 0: not known yet
};

}  // namespace longtake::generator
