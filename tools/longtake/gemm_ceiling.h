#pragma once

#include "core/dtype.h"
#include "core/tensor.h"
#include "diffusion/ops/linear.h"

#include <memory>

namespace longtake::cli {

// What a rate of the transformer is compared with: oneDNN's own matrix product, large enough to be
// at its best, in the type in which this machine really multiplies `compute`.
class GemmCeiling {
  public:
    explicit GemmCeiling(DType compute);

    // GFLOP/s at this moment: on a machine that others use it changes, so it is asked as often as
    // the rate it is held against.
    double measure();

  private:
    std::shared_ptr<const diffusion::Linear::Backend> product_;
    Tensor x_, y_;
    diffusion::Workspace workspace_;
};

}  // namespace longtake::cli
