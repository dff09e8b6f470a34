#pragma once

#include "core/tensor.h"
#include "diffusion/video_model.h"

#include <cstdint>

namespace longtake::generator {

// What an image-to-video model reads, all through a take, of the picture that it began with.
class ImageContext {
  public:
    // picture [H, W, 3] of any size.
    ImageContext(const diffusion::VideoModel& model, const Tensor& picture);

    int64_t channels() const { return channels_.extent(1); }
    // Into the first channels of `beside` [F, channels or more, h, w], for latent frames from
    // `first` of the take on.
    void fill(int64_t first, Tensor& beside) const;

  private:
    Tensor channels_;  // of the first frames; those after are as the last
};

}  // namespace longtake::generator
