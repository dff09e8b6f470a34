#pragma once

#include "core/cuda.h"
#include "core/device.h"

#include <cstdint>

// Blocks that work together, and kernels that start before the one ahead of them on their stream
// has ended: both from compute capability 9.0 on. Elsewhere a cluster has one block, and kernels
// run one after the other. PTX ISA 8.6.
namespace longtake::generator {

// Whether the current device can.
inline bool has_clusters() {
    int device = 0, major = 0;
    cuda_check(cudaGetDevice(&device), "asking for the device");
    cuda_check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device),
               "asking for the device");
    return major >= 9;
}

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

// The kBlocks blocks that neighbour in x.
template <int kBlocks> class Cluster {
  public:
    // Looking at another block takes that it has started.
    __device__ Cluster() {
#if __CUDA_ARCH__ >= 900
        if constexpr (kBlocks > 1) {
            asm volatile("barrier.cluster.arrive.relaxed.aligned;" ::: "memory");
        }
#endif
    }
    __device__ static unsigned rank() { return blockIdx.x % kBlocks; }
    // All threads of all blocks; then what each wrote to its own shared memory is there for all.
    __device__ void synchronize() {
#if __CUDA_ARCH__ >= 900
        if constexpr (kBlocks > 1) {
            if (!started_) {
                wait();
                started_ = true;
            }
            asm volatile(
                "fence.release.sync_restrict::shared::cta.cluster;\n"
                "barrier.cluster.arrive.relaxed.aligned;" ::
                    : "memory");
            wait();
            asm volatile("fence.acquire.sync_restrict::shared::cluster.cluster;" ::: "memory");
            return;
        }
#endif
        __syncthreads();
    }
    // What lies in the shared memory of block `rank` where `here` lies in this one's.
    template <typename T> __device__ static T read(const T& here, unsigned rank) {
#if __CUDA_ARCH__ >= 900
        if constexpr (kBlocks > 1) {
            const T* there = nullptr;
            asm volatile("mapa.u64 %0, %1, %2;" : "=l"(there) : "l"(&here), "r"(rank));
            return *there;
        }
#endif
        return here;
    }

  private:
    __device__ static void wait() { asm volatile("barrier.cluster.wait.aligned;" ::: "memory"); }

    bool started_ = false;
};

struct Grid {
    dim3 blocks;
    int threads = 0;
    size_t shared_bytes = 0;
    unsigned cluster = 1;  // blocks
    bool early = false;    // may start while the kernel ahead still runs
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
    config.numAttrs = (grid.cluster > 1 ? 1U : 0U) + (grid.early ? 1U : 0U);
    cuda_check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), name);
}

}  // namespace longtake::generator
