#pragma once

#include "gaussians/raster/render.h"
#include "gaussians/train/regrowth.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace longtake::gaussians {

struct DensityOptions {
    double gradient = 2e-4;          // mean screen gradient above which a Gaussian multiplies
    double split_share = 0.01;       // of the extent: wider ones are split, others cloned
    double widest = 1e9;             // of the extent: wider ones do not multiply
    double min_opacity = 0.005;      // fainter ones go
    int64_t max_gaussians = 200000;  // those of the largest gradients come first
};

// Adaptive density control of 3DGS: where the picture still pulls a Gaussian about, there are too
// few. Clones stand where their parent stands; a split one gives way to two drawn from it, 1.6
// times smaller. What it observes stays on the device; it decides on the host.
class DensityControl {
  public:
    explicit DensityControl(const DensityOptions& options, GpuStream stream = nullptr)
        : options_(options), stream_(stream) {}

    // Remembers how strongly a view pulled at what it showed.
    void observe(const GradientTensors& gradient);
    // Who multiplies and who goes: first those that stay, in their order, then clones, then what
    // was split. Then it starts to observe anew. Only those that `may` [N] multiply, or all when it
    // is empty. Waits for the device.
    Regrowth run(const Cloud& cloud, double extent, std::span<const uint8_t> may = {});

  private:
    std::vector<int32_t> choose(std::span<const float> means) const;

    DensityOptions options_;
    GpuStream stream_;
    Tensor pull_;  // [N] sums of magnitudes
    Tensor seen_;  // [N] int32, views
};

// Adds to `pull` [N] how strongly a view pulled at what it showed, and counts in `seen` [N] int32.
void observe(const GradientTensors& gradient, Tensor& pull, Tensor& seen, GpuStream stream);

// One Gaussian observed, in plain memory.
struct ObserveRows {
    static constexpr const char* kName = "observe";

    const float* screen;
    const int32_t* tiles;
    float* pull;
    int32_t* seen;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        if (tiles[i] > 0) {
            const float u = screen[2 * i], v = screen[2 * i + 1];
            pull[i] += std::sqrt(u * u + v * v);
            ++seen[i];
        }
    }
};

}  // namespace longtake::gaussians
