#include "core/cuda.h"
#include "gaussians/codec/state_hash_rows.h"

namespace longtake::gaussians {
namespace {

__global__ void __launch_bounds__(256)
    hash_kernel(const HashRows rows, int64_t count, unsigned long long* sum) {
    const int64_t i = int64_t{blockIdx.x} * 256 + threadIdx.x;
    unsigned long long mine = i < count ? rows.of(i) : 0;
    for (int step = 16; step > 0; step /= 2) {
        mine += __shfl_down_sync(~0U, mine, step);
    }
    if (threadIdx.x % 32 == 0) {
        atomicAdd(sum, mine);
    }
}

}  // namespace

void hash_cuda(const HashRows& rows, int64_t count, uint64_t* sum, GpuStream stream) {
    const auto blocks = static_cast<unsigned>((count + 255) / 256);
    hash_kernel<<<blocks, 256, 0, stream>>>(rows, count,
                                            reinterpret_cast<unsigned long long*>(sum));
    cuda_check_launch("hash of a state");
}

}  // namespace longtake::gaussians
