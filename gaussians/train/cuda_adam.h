#pragma once

#include "core/cuda.h"
#include "gaussians/scene/cloud.h"
#include "gaussians/train/adam.h"

#include <cstdint>

namespace longtake::gaussians {

// Adam on the GPU: the same steps. All columns move in one kernel.
class CudaAdam {
  public:
    // Throws Error where there is no GPU, or not enough memory.
    CudaAdam(cudaStream_t stream, int64_t count, int sh_degree);

    // Queued on the stream. Both are on the GPU; throws Error when they have other sizes.
    void step(Cloud& values, const Cloud& gradient, const LearningRates& rates);

  private:
    cudaStream_t stream_;
    int64_t steps_ = 0;
    Cloud first_, second_;  // moments of the gradient
};

}  // namespace longtake::gaussians
