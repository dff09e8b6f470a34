#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

struct CUstream_st;

namespace longtake {

enum class Device : uint8_t { Cpu, Cuda };

// A queue of work of the GPU (a cudaStream_t); null is the default one. Means nothing on the CPU.
using GpuStream = CUstream_st*;

// How many CUDA devices there are; none in a build without CUDA.
int cuda_devices();

// Uninitialized memory of a device, of the current one of several, aligned to 64 bytes or more.
// Throws Error when there is not enough, or when there is no such device.
std::shared_ptr<void> allocate(size_t bytes, Device device);

// Done when it returns. Does not wait for work on streams: synchronize the one that writes `from`.
void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t bytes);
// Zeros; the same about streams.
void clear_bytes(void* at, Device device, size_t bytes);

}  // namespace longtake
