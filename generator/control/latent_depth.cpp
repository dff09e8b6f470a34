#include "generator/control/latent_depth.h"

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

constexpr float kFarthest = 20;  // scene units; what is beyond is sky or haze, and shows no motion

// Smooth between the middles of latent cells, so that a ground does not go in steps that hide each
// other: the mean of the inverse depths that are known. 0 in a cell where it is not.
float between_cells(const Tensor& cells, int64_t x, int64_t y) {
    const int64_t rows = cells.extent(0), columns = cells.extent(1);
    const auto value = [&](int64_t row, int64_t column) {
        const float far = cells.data<float>()[std::clamp<int64_t>(row, 0, rows - 1) * columns +
                                              std::clamp<int64_t>(column, 0, columns - 1)];
        return far < kFarthest ? far : 0;
    };
    constexpr auto kScale = static_cast<float>(diffusion::kLatentScale);
    if (value(y / diffusion::kLatentScale, x / diffusion::kLatentScale) == 0) {
        return 0;
    }
    const float u = (static_cast<float>(x) + 0.5F) / kScale - 0.5F;
    const float v = (static_cast<float>(y) + 0.5F) / kScale - 0.5F;
    float sum = 0, weights = 0;
    for (int64_t dy = 0; dy < 2; ++dy) {
        for (int64_t dx = 0; dx < 2; ++dx) {
            const float row = std::floor(v) + static_cast<float>(dy);
            const float column = std::floor(u) + static_cast<float>(dx);
            const float far = value(static_cast<int64_t>(row), static_cast<int64_t>(column));
            const float weight = (1 - std::abs(u - column)) * (1 - std::abs(v - row));
            if (far > 0) {
                sum += weight / far;
                weights += weight;
            }
        }
    }
    return weights / sum;
}

}  // namespace

LatentDepth::LatentDepth(const diffusion::VideoModel& model, double unit)
    : width_(model.config().width),
      height_(model.config().height),
      head_(model.depth_head(), model.latent_height(), model.latent_width()),
      unit_(unit) {}

Depth LatentDepth::of(const Tensor& latent) {
    const Tensor cells = head_.run(latent.to(Device::Cpu));
    Depth depth{.width = width_, .height = height_, .values = {}};
    for (int64_t y = 0; y < height_; ++y) {
        for (int64_t x = 0; x < width_; ++x) {
            depth.values.push_back(between_cells(cells, x, y));
        }
    }
    if (unit_ == 0) {
        unit_ = depth.median();
    }
    for (float& value : depth.values) {
        value = static_cast<float>(static_cast<double>(value) / unit_);
    }
    return depth;
}

}  // namespace longtake::generator
