#include "gaussians/codec/fixed_rows.h"
#include "gaussians/train/rows.cuh"

namespace longtake::gaussians {

template void run_cuda(const FloatRows&, int64_t, GpuStream);
template void run_cuda(const RestFloatRows&, int64_t, GpuStream);
template void run_cuda(const SourceRows&, int64_t, GpuStream);
template void run_cuda(const MultiplyRows&, int64_t, GpuStream);
template void run_cuda(const AddRows&, int64_t, GpuStream);
template void run_cuda(const AddProductRows&, int64_t, GpuStream);

}  // namespace longtake::gaussians
