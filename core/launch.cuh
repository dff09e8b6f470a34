#pragma once

#include "core/cuda.h"
#include "core/device.h"
#include "core/start.h"

// Kernels that start before the one ahead of them on their stream has ended: from compute
// capability 9.0 on. Elsewhere they run one after the other. PTX ISA 8.6, griddepcontrol.
namespace longtake {

// Until all that is ahead has ended: what it wrote is there.
__device__ inline void wait_for_those_ahead() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
// Once all blocks are here the next kernel may start.
__device__ inline void let_next_start() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
// The last that an early kernel does which waits for nothing: it does not end before what is ahead.
__device__ inline void end_after_those_ahead() {
    if (blockIdx.x == 0 && blockIdx.y == 0) {
        wait_for_those_ahead();
    }
}

struct Grid {
    dim3 blocks;
    int threads = 0;
    size_t shared_bytes = 0;
    unsigned cluster = 1;  // blocks
    Start start = Start::After;
};

template <typename... Parameters, typename... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), const Grid& grid, GpuStream stream,
            const Arguments&... arguments) {
    cudaLaunchAttribute attributes[2] = {};
    attributes[0].id = cudaLaunchAttributeClusterDimension;
    attributes[0].val.clusterDim = {grid.cluster, 1, 1};
    attributes[1].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attributes[1].val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = grid.blocks;
    config.blockDim = dim3(static_cast<unsigned>(grid.threads));
    config.dynamicSmemBytes = grid.shared_bytes;
    config.stream = stream;
    config.attrs = grid.cluster > 1 ? attributes : attributes + 1;
    config.numAttrs = (grid.cluster > 1 ? 1U : 0U) + (grid.start == Start::Early ? 1U : 0U);
    cuda_check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), name);
}

}  // namespace longtake
