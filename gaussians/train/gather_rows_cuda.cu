#include "core/cuda.h"
#include "gaussians/train/gather_rows.h"

namespace longtake::gaussians {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    gather_rows_kernel(const float* from, const int32_t* sources, int64_t width, int64_t count,
                       float* to) {
    const int64_t at = int64_t{blockIdx.x} * kThreads + threadIdx.x;
    if (at < count) {
        const int64_t row = at / width, source = sources[row];
        to[at] = source < 0 ? 0.F : from[source * width + at - row * width];
    }
}

}  // namespace

void gather_rows_cuda(const Tensor& from, const Tensor& sources, Tensor& to, GpuStream stream) {
    const int64_t count = to.count();
    const auto blocks = static_cast<unsigned>((count + kThreads - 1) / kThreads);
    gather_rows_kernel<<<blocks, kThreads, 0, stream>>>(from.data<float>(), sources.data<int32_t>(),
                                                        count / sources.count(), count,
                                                        to.data<float>());
    cuda_check_launch("gather_rows_kernel");
}

}  // namespace longtake::gaussians
