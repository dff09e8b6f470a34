#include "gaussians/train/density.h"
#include "gaussians/train/rows.cuh"

namespace longtake::gaussians {

void observe_cuda(const GradientTensors& gradient, Tensor& pull, Tensor& seen, GpuStream stream) {
    run_rows(observe_rows(gradient, pull, seen), pull.count(), stream, "observe");
}

}  // namespace longtake::gaussians
