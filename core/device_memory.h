#pragma once

#include "core/device.h"

namespace longtake {

// The CUDA half of device.h; without CUDA all of it throws.
MemoryInfo memory_of_cuda();
std::shared_ptr<void> allocate_cuda(size_t bytes);
std::shared_ptr<void> allocate_pinned(size_t bytes);
// Between any two places, one of them on the device.
void copy_cuda(void* to, const void* from, size_t bytes);
void queue_copy_cuda(void* to, const void* from, size_t bytes, GpuStream stream);
void queue_clear_cuda(void* to, size_t bytes, GpuStream stream);
void synchronize_cuda(GpuStream stream);

}  // namespace longtake
