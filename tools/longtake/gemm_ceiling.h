#pragma once

#include "core/device.h"
#include "core/dtype.h"
#include "core/tensor.h"
#include "diffusion/ops/linear.h"

#include <memory>

namespace longtake::cli {

// What a rate of the transformer is compared with: the matrix product of oneDNN, or of cuBLASLt on
// a GPU, large enough to be at its best, in the type in which the machine really multiplies.
class GemmCeiling {
  public:
    GemmCeiling(DType compute, Device device);

    // GFLOP/s at this moment: on a machine that others use it changes, so it is asked as often as
    // the rate it is held against.
    double measure();

  private:
    int64_t side_;
    std::shared_ptr<const diffusion::Linear::Backend> product_;
    Tensor x_, y_;
    diffusion::Workspace workspace_;
};

}  // namespace longtake::cli
