#pragma once

#include "gaussians/raster/rasterizer.h"
#include "gaussians/train/adam.h"

#include <cstdint>
#include <random>
#include <vector>

namespace longtake::gaussians {

struct DensityOptions {
    double gradient = 2e-4;          // mean screen gradient above which a Gaussian multiplies
    double split_share = 0.01;       // of the extent: wider ones are split, others cloned
    double min_opacity = 0.005;      // fainter ones go
    int64_t max_gaussians = 200000;  // those of the largest gradients come first
};

// Adaptive density control of 3DGS: where the picture still pulls a Gaussian about, there are too
// few. Clones stand where their parent stands; a split one gives way to two drawn from it, 1.6
// times smaller.
class DensityControl {
  public:
    explicit DensityControl(const DensityOptions& options) : options_(options) {}

    // Remembers how strongly a view pulled at what it showed.
    void observe(const CloudGradient<float>& gradient, const TileLists& lists);
    // Multiplies and removes; then starts to observe anew.
    void run(Attributes<float>& gaussians, Adam& adam, double extent, std::mt19937_64& engine);

  private:
    std::vector<int32_t> choose(const Attributes<float>& gaussians) const;

    DensityOptions options_;
    std::vector<float> pull_;    // [N] sums of magnitudes
    std::vector<int32_t> seen_;  // [N] views
};

}  // namespace longtake::gaussians
