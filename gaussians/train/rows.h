#pragma once

#include "core/device.h"
#include "core/host_device.h"
#include "gaussians/codec/parallel_rows.h"

#include <cstdint>

// Work on Gaussians or pixels that know nothing of each other: a struct of pointers to plain memory
// with a `run(row)` that every device compiles, and a `kName` for errors.
namespace longtake::gaussians {

template <typename Rows> void run_cpu(const Rows& rows, int64_t count) {
    parallel_for_rows(count, [&](int64_t i) { rows.run(i); });
}

// Instantiated where rows.cuh is included; queued on the stream.
template <typename Rows> void run_cuda(const Rows& rows, int64_t count, GpuStream stream);

template <typename Rows>
void run_on(Device device, const Rows& rows, int64_t count, GpuStream stream) {
    if (count > 0) {
        device == Device::Cpu ? run_cpu(rows, count) : run_cuda(rows, count, stream);
    }
}

}  // namespace longtake::gaussians
