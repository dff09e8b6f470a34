#pragma once

#include "core/cuda.h"
#include "gaussians/train/rows.h"

#include <cstdint>

namespace longtake::gaussians {

template <typename Rows>
__global__ void __launch_bounds__(256) rows_kernel(const Rows rows, int64_t count) {
    const int64_t i = int64_t{blockIdx.x} * 256 + threadIdx.x;
    if (i < count) {
        rows.run(i);
    }
}

template <typename Rows> void run_cuda(const Rows& rows, int64_t count, GpuStream stream) {
    const auto blocks = static_cast<unsigned>((count + 255) / 256);
    rows_kernel<<<blocks, 256, 0, stream>>>(rows, count);
    cuda_check_launch(Rows::kName);
}

}  // namespace longtake::gaussians
