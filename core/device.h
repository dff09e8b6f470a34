#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

struct CUstream_st;

namespace longtake {

enum class Device : uint8_t { Cpu, Cuda };

// A queue of work of the GPU (a cudaStream_t); null is the default one. Means nothing on the CPU.
using GpuStream = CUstream_st*;

// How many CUDA devices there are; none in a build without CUDA.
int cuda_devices();

// The current GPU, as a person would want to hear of it.
struct GpuInfo {
    std::string problem = {};  // why there is none and how to mend it; empty when there is one
    std::string name = {};
    std::string compute_capability = {};  // "9.0"
    std::string driver = {};              // the newest CUDA it knows, "13.0"
    std::string runtime = {};             // the CUDA of this build
};
GpuInfo describe_gpu();

struct MemoryInfo {
    size_t free = 0, total = 0;  // bytes; of the CPU's memory, free is what could be had
};
MemoryInfo memory_of(Device device);

// Uninitialized memory of a device, of the current one of several, aligned to 64 bytes or more.
// Throws OutOfMemory when there is not enough, Error when there is no such device.
std::shared_ptr<void> allocate(size_t bytes, Device device);
// The same of the CPU, where `other` copies to and from it while the program goes on.
std::shared_ptr<void> allocate_host(size_t bytes, Device other);

// Done when it returns. Does not wait for work on streams: synchronize the one that writes `from`.
void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t bytes);

// What follows is queued on `stream` where the GPU has a part in it, and otherwise done at once.
// Memory of the CPU that is not from allocate_host makes the caller wait.
void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t bytes,
                GpuStream stream);
void clear_bytes(void* to, Device device, size_t bytes, GpuStream stream);
// Waits for everything on `stream`; nothing to wait for on the CPU.
void synchronize(Device device, GpuStream stream);

}  // namespace longtake
