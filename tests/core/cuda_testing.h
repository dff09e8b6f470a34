#pragma once

#include "core/device.h"

#include <gtest/gtest.h>

#ifdef LONGTAKE_CUDA
#include "core/cuda.h"
#endif

// Ends a test that needs a GPU where there is none, with the reason.
#define LONGTAKE_NEEDS_GPU()                                       \
    if (longtake::cuda_devices() == 0) {                           \
        GTEST_SKIP() << "no CUDA device, or a build without CUDA"; \
    }

namespace longtake {

// Bytes of the device that nobody has allocated; none in a build without CUDA.
inline size_t free_gpu_memory() {
    size_t free = 0;
#ifdef LONGTAKE_CUDA
    size_t total = 0;
    cuda_check(cudaMemGetInfo(&free, &total), "asking for free memory");
#endif
    return free;
}

}  // namespace longtake
