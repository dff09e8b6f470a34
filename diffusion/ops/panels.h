#pragma once

#include "core/tensor.h"
#include "diffusion/ops/panel_kernel.h"

namespace longtake::diffusion {

// fp32 weights and bias packed for panel_kernel_avx2. `linear` and `conv2d` multiply with it where
// oneDNN is at its weakest: below AVX-512.
class Panels {
  public:
    // weight [out, in], bias [out] or empty; any float type. Throws Error where the CPU lacks AVX2.
    Panels(const Tensor& weight, const Tensor& bias);

    int64_t count() const { return weights_.extent(0); }
    // Multiplies with panel `p`. The pointers y, gate and addend of `tile` are those of the first
    // column of all; what concerns the panel is filled in here.
    void multiply(int64_t p, PanelTile tile) const;

    // Whether oneDNN has AVX2 here and nothing better.
    static bool suit_this_cpu();

  private:
    int64_t out_;
    Tensor weights_;  // [count, in, kPanelColumns], zero past `out`
    Tensor bias_;     // [count, kPanelColumns], likewise
};

}  // namespace longtake::diffusion
