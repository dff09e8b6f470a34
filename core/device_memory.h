#pragma once

#include <cstddef>
#include <memory>

namespace longtake {

// The CUDA half of device.h; without CUDA all throw.
std::shared_ptr<void> allocate_cuda(size_t bytes);
// Between any two places, one of them on the device.
void copy_cuda(void* to, const void* from, size_t bytes);
void clear_cuda(void* at, size_t bytes);

}  // namespace longtake
