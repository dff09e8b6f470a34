#include "core/device.h"

#include "core/device_memory.h"
#include "core/error.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace longtake {
namespace {

std::shared_ptr<void> allocate_cpu(size_t bytes) {
    constexpr size_t kAlignment = 256;
    const size_t rounded = (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
    void* data = std::aligned_alloc(kAlignment, rounded);
    if (data == nullptr) {
        throw OutOfMemory(fmt::format("out of memory: {} MiB wanted", bytes >> 20));
    }
    return {data, std::free};
}

// What the kernel counts on: free pages and those it could drop.
MemoryInfo memory_of_cpu() {
    MemoryInfo memory;
    std::ifstream file("/proc/meminfo");
    std::string name, unit;
    for (size_t kib = 0; file >> name >> kib; std::getline(file, unit)) {
        if (name == "MemTotal:") {
            memory.total = kib << 10;
        } else if (name == "MemAvailable:") {
            memory.free = kib << 10;
        }
    }
    return memory;
}

}  // namespace

MemoryInfo memory_of(Device device) {
    return device == Device::Cpu ? memory_of_cpu() : memory_of_cuda();
}

std::shared_ptr<void> allocate_host(size_t bytes, Device other) {
    return other == Device::Cpu ? allocate_cpu(bytes) : allocate_pinned(bytes);
}

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

void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t bytes,
                GpuStream stream) {
    if (bytes == 0) {
        return;
    }
    if (to_device == Device::Cpu && from_device == Device::Cpu) {
        std::memcpy(to, from, bytes);
    } else {
        queue_copy_cuda(to, from, bytes, stream);
    }
}

void clear_bytes(void* to, Device device, size_t bytes, GpuStream stream) {
    if (device == Device::Cpu) {
        std::memset(to, 0, bytes);
    } else {
        queue_clear_cuda(to, bytes, stream);
    }
}

void synchronize(Device device, GpuStream stream) {
    if (device == Device::Cuda) {
        synchronize_cuda(stream);
    }
}

}  // namespace longtake
