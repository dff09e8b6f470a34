#include "core/device.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "core/gpu_uuid.h"
#include "core/many_streams.h"

namespace longtake {

namespace {

constexpr const char* kAbsent =
    "this build has no CUDA code; build with cmake --preset cuda-release";

[[noreturn]] void absent() {
    fail("{}", kAbsent);
}

}  // namespace

int cuda_devices() {
    return 0;
}

void expect_many_streams() {}

GpuInfo describe_gpu() {
    return {.problem = kAbsent};
}

std::optional<std::array<uint8_t, 16>> gpu_uuid() {
    return std::nullopt;
}

MemoryInfo memory_of_cuda() {
    absent();
}
std::shared_ptr<void> allocate_cuda(size_t) {
    absent();
}
std::shared_ptr<void> allocate_pinned(size_t) {
    absent();
}
void copy_cuda(void*, const void*, size_t) {
    absent();
}
void queue_copy_cuda(void*, const void*, size_t, GpuStream) {
    absent();
}
void queue_clear_cuda(void*, size_t, GpuStream) {
    absent();
}
void synchronize_cuda(GpuStream) {
    absent();
}

}  // namespace longtake
