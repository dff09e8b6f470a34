#include "gaussians/train/mcmc_rows.h"
#include "gaussians/train/rows.cuh"

namespace longtake::gaussians {

void run_cuda(const CostRows& rows, int64_t count, GpuStream stream) {
    run_rows(rows, count, stream, "the costs of Mcmc");
}
void run_cuda(const NoiseRows& rows, int64_t count, GpuStream stream) {
    run_rows(rows, count, stream, "the noise of Mcmc");
}

}  // namespace longtake::gaussians
