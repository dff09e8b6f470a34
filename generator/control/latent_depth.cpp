#include "generator/control/latent_depth.h"

#include "core/error.h"

namespace longtake::generator {
namespace {

constexpr float kFarthest = 20;  // scene units; what is beyond is sky or haze, and shows no motion

}  // namespace

LatentDepth::LatentDepth(const diffusion::VideoModel& model)
    : width_(model.config().width),
      height_(model.config().height),
      head_(model.depth_head(), model.latent_height(), model.latent_width()) {}

Depth LatentDepth::of(const Tensor& latent) {
    const Tensor cells = head_.run(latent.to(Device::Cpu));
    Depth depth{.width = width_, .height = height_, .values = {}};
    for (int64_t y = 0; y < height_; ++y) {
        const float* row = cells.data<float>() + y / diffusion::kLatentScale * cells.extent(1);
        for (int64_t x = 0; x < width_; ++x) {
            depth.values.push_back(row[x / diffusion::kLatentScale]);
        }
    }
    if (unit_ == 0) {
        unit_ = depth.median();
    }
    for (float& value : depth.values) {
        value = value > kFarthest ? 0 : static_cast<float>(static_cast<double>(value) / unit_);
    }
    return depth;
}

}  // namespace longtake::generator
