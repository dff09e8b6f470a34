#include "diffusion/models/image_condition.h"

#include "core/error.h"

#include <algorithm>

namespace longtake::diffusion {

Tensor image_condition(const Tensor& clip) {
    check(clip.shape().rank() == 4 && clip.dtype() == DType::F32 && clip.extent(0) > 0,
          "a clip's latents are {} of {}", clip.shape().str(), name_of(clip.dtype()));
    const int64_t frames = clip.extent(0), channels = clip.extent(1);
    const int64_t area = clip.extent(2) * clip.extent(3);
    Tensor all = Tensor::zeros(clip.shape().with(1, 4 + channels));
    std::fill_n(all.data<float>(), 4 * area, 1.F);
    for (int64_t f = 0; f < frames; ++f) {
        std::copy_n(clip.data<float>() + f * channels * area, channels * area,
                    all.data<float>() + (f * (4 + channels) + 4) * area);
    }
    return all;
}

}  // namespace longtake::diffusion
