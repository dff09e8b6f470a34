#include "tests/generator/allocation_counter.h"

#include <cuda_runtime_api.h>

#include <atomic>

namespace {

std::atomic<size_t> count{0};

}  // namespace

// The linker sends the calls of these here (--wrap).
extern "C" {
cudaError_t __real_cudaMalloc(void**, size_t);
cudaError_t __real_cudaMallocHost(void**, size_t);
cudaError_t __real_cudaMallocAsync(void**, size_t, cudaStream_t);

cudaError_t __wrap_cudaMalloc(void** data, size_t bytes) {
    ++count;
    return __real_cudaMalloc(data, bytes);
}
cudaError_t __wrap_cudaMallocHost(void** data, size_t bytes) {
    ++count;
    return __real_cudaMallocHost(data, bytes);
}
cudaError_t __wrap_cudaMallocAsync(void** data, size_t bytes, cudaStream_t stream) {
    ++count;
    return __real_cudaMallocAsync(data, bytes, stream);
}
}

namespace longtake {

size_t cuda_allocations() {
    return count;
}

}  // namespace longtake
