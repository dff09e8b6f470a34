#include "gaussians/train/density.h"
#include "gaussians/train/mcmc_rows.h"
#include "gaussians/train/regrowth.h"
#include "gaussians/train/rows.cuh"

namespace longtake::gaussians {

template void run_cuda(const ObserveRows&, int64_t, GpuStream);
template void run_cuda(const ScatterRows&, int64_t, GpuStream);
template void run_cuda(const CostRows&, int64_t, GpuStream);
template void run_cuda(const NoiseRows&, int64_t, GpuStream);

}  // namespace longtake::gaussians
