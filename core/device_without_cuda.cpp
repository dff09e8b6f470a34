#include "core/device.h"
#include "core/device_memory.h"
#include "core/error.h"

namespace longtake {

int cuda_devices() {
    return 0;
}

std::shared_ptr<void> allocate_cuda(size_t) {
    fail("this build has no CUDA code; build with cmake --preset cuda-release");
}

void copy_cuda(void*, const void*, size_t) {
    fail("this build has no CUDA code; build with cmake --preset cuda-release");
}

void clear_cuda(void*, size_t) {
    fail("this build has no CUDA code; build with cmake --preset cuda-release");
}

}  // namespace longtake
