#include "generator/image_context.h"

#include "core/image.h"
#include "diffusion/models/image_condition.h"

#include <algorithm>

namespace longtake::generator {
namespace {

constexpr int64_t kLatents = 21;  // that the picture is seen in: the clips that models learn from
constexpr uint8_t kGrey = 128;    // of the frames after the picture

}  // namespace

ImageContext::ImageContext(const diffusion::VideoModel& model, const Tensor& picture) {
    const auto& c = model.config();
    Tensor clip({diffusion::kLatentFrames * (kLatents - 1) + 1, c.height, c.width, 3}, DType::U8);
    std::ranges::fill(clip.values<uint8_t>(), kGrey);
    const Tensor fitted = resize_and_crop(picture, c.height, c.width);
    std::ranges::copy(fitted.values<uint8_t>(), clip.data<uint8_t>());
    channels_ = diffusion::image_condition(model.encode(clip));
}

void ImageContext::fill(int64_t first, Tensor& beside) const {
    const int64_t area = channels_.extent(2) * channels_.extent(3);
    for (int64_t f = 0; f < beside.extent(0); ++f) {
        const int64_t from = std::min(first + f, channels_.extent(0) - 1);
        std::copy_n(channels_.data<float>() + from * channels() * area, channels() * area,
                    beside.data<float>() + f * beside.extent(1) * area);
    }
}

}  // namespace longtake::generator
