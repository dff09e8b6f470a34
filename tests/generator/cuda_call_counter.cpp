#include "tests/generator/cuda_call_counter.h"

#include <cuda_runtime_api.h>

#include <atomic>

namespace {

std::atomic<size_t> allocations{0};
std::atomic<size_t> bytes_to_host{0};

bool on_gpu(const void* data) {
    cudaPointerAttributes attributes{};
    return cudaPointerGetAttributes(&attributes, data) == cudaSuccess &&
           attributes.type == cudaMemoryTypeDevice;
}

void note_copy(const void* to, const void* from, size_t bytes) {
    if (on_gpu(from) && !on_gpu(to)) {
        bytes_to_host += bytes;
    }
}

}  // namespace

// The linker sends the calls of these here (--wrap).
extern "C" {
cudaError_t __real_cudaMalloc(void**, size_t);
cudaError_t __real_cudaMallocHost(void**, size_t);
cudaError_t __real_cudaMallocAsync(void**, size_t, cudaStream_t);
cudaError_t __real_cudaMemcpy(void*, const void*, size_t, cudaMemcpyKind);
cudaError_t __real_cudaMemcpyAsync(void*, const void*, size_t, cudaMemcpyKind, cudaStream_t);
cudaError_t __real_cudaMemcpy2DAsync(void*, size_t, const void*, size_t, size_t, size_t,
                                     cudaMemcpyKind, cudaStream_t);

cudaError_t __wrap_cudaMalloc(void** data, size_t bytes) {
    ++allocations;
    return __real_cudaMalloc(data, bytes);
}
cudaError_t __wrap_cudaMallocHost(void** data, size_t bytes) {
    ++allocations;
    return __real_cudaMallocHost(data, bytes);
}
cudaError_t __wrap_cudaMallocAsync(void** data, size_t bytes, cudaStream_t stream) {
    ++allocations;
    return __real_cudaMallocAsync(data, bytes, stream);
}
cudaError_t __wrap_cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    note_copy(to, from, bytes);
    return __real_cudaMemcpy(to, from, bytes, kind);
}
cudaError_t __wrap_cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                                   cudaStream_t stream) {
    note_copy(to, from, bytes);
    return __real_cudaMemcpyAsync(to, from, bytes, kind, stream);
}
cudaError_t __wrap_cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                                     size_t width, size_t height, cudaMemcpyKind kind,
                                     cudaStream_t stream) {
    note_copy(to, from, width * height);
    return __real_cudaMemcpy2DAsync(to, to_pitch, from, from_pitch, width, height, kind, stream);
}
}

namespace longtake {

size_t cuda_allocations() {
    return allocations;
}

size_t cuda_bytes_to_host() {
    return bytes_to_host;
}

}  // namespace longtake
