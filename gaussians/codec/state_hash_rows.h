#pragma once

#include "core/device.h"
#include "core/host_device.h"

#include <cstdint>

namespace longtake::gaussians {

// A row's share of the hash, in plain memory; a build's devices share it.
struct HashRows {
    const int32_t* values;  // [N, F]
    int64_t features;
    uint64_t column;

    LONGTAKE_HOST_DEVICE uint64_t of(int64_t row) const {
        uint64_t h = column * 0x9e3779b97f4a7c15 + static_cast<uint64_t>(row) * 0xd1342543de82ef95;
        for (int64_t f = 0; f < features; ++f) {
            h = (h ^ static_cast<uint32_t>(values[row * features + f])) * 0xff51afd7ed558ccd;
            h ^= h >> 32;
        }
        h = (h ^ h >> 29) * 0xc4ceb9fe1a85ec53;
        return h ^ h >> 32;
    }
};

// Sums over rows; `count` > 0.
uint64_t hash_cpu(const HashRows& rows, int64_t count);
// Adds to *sum, in memory of the GPU.
void hash_cuda(const HashRows& rows, int64_t count, uint64_t* sum, GpuStream stream);

}  // namespace longtake::gaussians
