#pragma once

#include "core/cuda.h"

#include <cstdint>

// Work on the GPU whose rows know nothing of each other.
namespace longtake::gaussians {

// A thread for each row; Rows has a `run(row)` for the device.
template <typename Rows>
__global__ void __launch_bounds__(256) rows_kernel(const Rows rows, int64_t count) {
    const int64_t i = int64_t{blockIdx.x} * 256 + threadIdx.x;
    if (i < count) {
        rows.run(i);
    }
}

template <typename Rows>
void run_rows(const Rows& rows, int64_t count, cudaStream_t stream, const char* name) {
    const auto blocks = static_cast<unsigned>((count + 255) / 256);
    rows_kernel<<<blocks, 256, 0, stream>>>(rows, count);
    cuda_check_launch(name);
}

}  // namespace longtake::gaussians
