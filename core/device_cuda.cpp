#include "core/cuda.h"
#include "core/device.h"
#include "core/device_memory.h"
#include "core/error.h"

#include <algorithm>

namespace longtake {

int cuda_devices() {
    int count = 0;
    return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

std::shared_ptr<void> allocate_cuda(size_t bytes) {
    void* data = nullptr;
    if (cudaMalloc(&data, std::max<size_t>(bytes, 1)) == cudaErrorMemoryAllocation) {
        cudaGetLastError();  // the device works on
        size_t free = 0, total = 0;
        cuda_check(cudaMemGetInfo(&free, &total), "asking for free memory");
        fail("out of GPU memory: {} MiB wanted, {} of {} MiB free", bytes >> 20, free >> 20,
             total >> 20);
    }
    cuda_check(cudaGetLastError(), "allocating GPU memory");
    return {data, [](void* p) { cudaFree(p); }};
}

void copy_cuda(void* to, const void* from, size_t bytes) {
    cuda_check(cudaMemcpy(to, from, bytes, cudaMemcpyDefault), "copying to or from the GPU");
    cuda_check(cudaStreamSynchronize(nullptr), "copying to or from the GPU");
}

void clear_cuda(void* at, size_t bytes) {
    cuda_check(cudaMemset(at, 0, bytes), "clearing GPU memory");
    cuda_check(cudaStreamSynchronize(nullptr), "clearing GPU memory");
}

}  // namespace longtake
