#pragma once

#include "gaussians/raster/attributes.h"

#include <array>
#include <cstdint>
#include <span>

namespace longtake::gaussians {

using LearningRates = std::array<double, Attributes<float>::kColumns>;  // in the columns' order

// Adam (Kingma & Ba 2015) with bias correction. Every row moves in every step, seen or not. Epsilon
// is as tiny as 3DGS has it, for gradients by a mean over pixels are tiny too.
class Adam {
  public:
    Adam(int64_t count, int sh_degree) : first_(count, sh_degree), second_(count, sh_degree) {}

    void step(Attributes<float>& values, const Attributes<float>& gradient,
              const LearningRates& rates);

    // Row i becomes what row sources[i] was, or starts anew where `fresh[i]` is set.
    void gather(std::span<const int32_t> sources, std::span<const uint8_t> fresh);

  private:
    int64_t steps_ = 0;
    Attributes<float> first_, second_;  // moments of the gradient
};

// The rows `sources` of `from`, in their order.
Attributes<float> gathered(const Attributes<float>& from, std::span<const int32_t> sources);

}  // namespace longtake::gaussians
