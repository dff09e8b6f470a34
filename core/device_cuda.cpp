#include "core/cuda.h"
#include "core/device.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "core/gpu_uuid.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace longtake {
namespace {

// CUDA writes 13.1 as 13010.
std::string version(int number) {
    return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

}  // namespace

int cuda_devices() {
    int count = 0;
    return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

GpuInfo describe_gpu() {
    int count = 0, driver = 0, runtime = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    cuda_check(cudaDriverGetVersion(&driver), "asking for the driver's version");
    cuda_check(cudaRuntimeGetVersion(&runtime), "asking for CUDA's version");
    GpuInfo gpu{.driver = version(driver), .runtime = version(runtime)};
    if (driver == 0) {
        gpu.problem = "no NVIDIA driver is loaded; install one for CUDA " + gpu.runtime;
    } else if (status == cudaErrorInsufficientDriver) {
        gpu.problem =
            fmt::format("the driver knows CUDA {}, this build needs {}; install a newer one",
                        gpu.driver, gpu.runtime);
    } else if (status != cudaSuccess || count == 0) {
        gpu.problem = fmt::format("no GPU can be used ({})", cudaGetErrorString(status));
    }
    if (!gpu.problem.empty()) {
        return gpu;
    }
    int device = 0;
    cudaDeviceProp properties{};
    cuda_check(cudaGetDevice(&device), "asking for the current GPU");
    cuda_check(cudaGetDeviceProperties(&properties, device), "asking what the GPU is");
    gpu.name = properties.name;
    gpu.compute_capability = fmt::format("{}.{}", properties.major, properties.minor);
    const std::string architecture = fmt::format("{}{}", properties.major, properties.minor);
    if (std::string_view(LONGTAKE_CUDA_ARCHITECTURES).find(architecture) == std::string::npos) {
        gpu.problem = fmt::format(
            "the {} has compute capability {}, and this build has no code for it; build with "
            "-DCMAKE_CUDA_ARCHITECTURES={}",
            gpu.name, gpu.compute_capability, architecture);
    }
    return gpu;
}

std::optional<std::array<uint8_t, 16>> gpu_uuid() {
    if (cuda_devices() == 0) {
        return std::nullopt;
    }
    int device = 0;
    cudaDeviceProp properties{};
    cuda_check(cudaGetDevice(&device), "asking for the current GPU");
    cuda_check(cudaGetDeviceProperties(&properties, device), "asking what the GPU is");
    std::array<uint8_t, 16> uuid{};
    std::memcpy(uuid.data(), properties.uuid.bytes, uuid.size());
    return uuid;
}

MemoryInfo memory_of_cuda() {
    MemoryInfo memory;
    cuda_check(cudaMemGetInfo(&memory.free, &memory.total), "asking for free memory");
    return memory;
}

std::shared_ptr<void> allocate_cuda(size_t bytes) {
    void* data = nullptr;
    if (cudaMalloc(&data, std::max<size_t>(bytes, 1)) == cudaErrorMemoryAllocation) {
        cudaGetLastError();  // the device works on
        const MemoryInfo memory = memory_of_cuda();
        throw OutOfMemory(fmt::format("out of GPU memory: {} MiB wanted, {} of {} MiB free",
                                      bytes >> 20, memory.free >> 20, memory.total >> 20));
    }
    cuda_check(cudaGetLastError(), "allocating GPU memory");
    return {data, [](void* p) { cudaFree(p); }};
}

std::shared_ptr<void> allocate_pinned(size_t bytes) {
    void* data = nullptr;
    if (cudaMallocHost(&data, std::max<size_t>(bytes, 1)) == cudaErrorMemoryAllocation) {
        cudaGetLastError();
        throw OutOfMemory(fmt::format("out of pinned memory: {} MiB wanted", bytes >> 20));
    }
    cuda_check(cudaGetLastError(), "allocating pinned memory");
    return {data, [](void* p) { cudaFreeHost(p); }};
}

void copy_cuda(void* to, const void* from, size_t bytes) {
    cuda_check(cudaMemcpy(to, from, bytes, cudaMemcpyDefault), "copying to or from the GPU");
    cuda_check(cudaStreamSynchronize(nullptr), "copying to or from the GPU");
}

void queue_copy_cuda(void* to, const void* from, size_t bytes, GpuStream stream) {
    cuda_check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream),
               "copying to or from the GPU");
}

void queue_clear_cuda(void* to, size_t bytes, GpuStream stream) {
    cuda_check(cudaMemsetAsync(to, 0, bytes, stream), "clearing GPU memory");
}

void synchronize_cuda(GpuStream stream) {
    cuda_check(cudaStreamSynchronize(stream), "waiting for a stream");
}

}  // namespace longtake
