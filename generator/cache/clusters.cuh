#pragma once

#include "core/launch.cuh"

// Blocks that work together: from compute capability 9.0 on. Elsewhere a cluster has one block.
// PTX ISA 8.6.
namespace longtake::generator {

// Whether the current device can.
inline bool has_clusters() {
    return cuda_attribute(cudaDevAttrComputeCapabilityMajor) >= 9;
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

}  // namespace longtake::generator
