#include "gaussians/train/density.h"
#include "gaussians/train/mcmc_rows.h"
#include "gaussians/train/picture_rows.h"
#include "gaussians/train/regrowth.h"
#include "gaussians/train/residual_rows.h"
#include "gaussians/train/rows.cuh"

namespace longtake::gaussians {

template void run_cuda(const ObserveRows&, int64_t, GpuStream);
template void run_cuda(const ScatterRows&, int64_t, GpuStream);
template void run_cuda(const CostRows&, int64_t, GpuStream);
template void run_cuda(const NoiseRows&, int64_t, GpuStream);
template void run_cuda(const PlaneRows&, int64_t, GpuStream);
template void run_cuda(const ChangeRows&, int64_t, GpuStream);
template void run_cuda(const CoverRows&, int64_t, GpuStream);
template void run_cuda(const GateRows&, int64_t, GpuStream);
template void run_cuda(const MoveRows&, int64_t, GpuStream);
template void run_cuda(const MoveGradientRows&, int64_t, GpuStream);
template void run_cuda(const GateGradientRows&, int64_t, GpuStream);
template void run_cuda(const BirthRows&, int64_t, GpuStream);
template void run_cuda(const WholeRows&, int64_t, GpuStream);
template void run_cuda(const DifferenceRows&, int64_t, GpuStream);
template void run_cuda(const ContinueRows&, int64_t, GpuStream);

}  // namespace longtake::gaussians
