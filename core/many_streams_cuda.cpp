#include "core/cuda.h"
#include "core/device.h"
#include "core/many_streams.h"

#include <cstdlib>

namespace longtake {

void expect_many_streams() {
    setenv("CUDA_DEVICE_MAX_CONNECTIONS", "32", 0);  // as many as there can be; 8 by default
    if (cuda_devices() > 0) {
        cuda_check(cudaSetDeviceFlags(cudaDeviceScheduleBlockingSync), "choosing how to wait");
    }
}

}  // namespace longtake
