#include "gaussians/train/regrowth.h"
#include "gaussians/train/rows.cuh"

namespace longtake::gaussians {

void scatter_cuda(Cloud& cloud, const Tensor& spread, const Tensor& scaling, uint64_t seed,
                  GpuStream stream) {
    run_rows(scatter_rows(cloud, spread, scaling, seed), cloud.count(), stream, "scatter");
}

}  // namespace longtake::gaussians
