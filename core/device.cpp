#include "core/device.h"

#include "core/device_memory.h"
#include "core/error.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace longtake {
namespace {

std::shared_ptr<void> allocate_cpu(size_t bytes) {
    constexpr size_t kAlignment = 256;
    const size_t rounded = (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
    void* data = std::aligned_alloc(kAlignment, rounded);
    check(data != nullptr, "out of memory: {} bytes for a tensor", bytes);
    return {data, std::free};
}

}  // namespace

std::shared_ptr<void> allocate(size_t bytes, Device device) {
    return device == Device::Cpu ? allocate_cpu(bytes) : allocate_cuda(bytes);
}

void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t bytes) {
    if (bytes == 0) {
        return;
    }
    if (to_device == Device::Cpu && from_device == Device::Cpu) {
        std::memcpy(to, from, bytes);
    } else {
        copy_cuda(to, from, bytes);
    }
}

void clear_bytes(void* at, Device device, size_t bytes) {
    if (bytes == 0) {
        return;
    }
    if (device == Device::Cpu) {
        std::memset(at, 0, bytes);
    } else {
        clear_cuda(at, bytes);
    }
}

}  // namespace longtake
