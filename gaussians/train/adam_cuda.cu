#include "core/cuda.h"
#include "gaussians/train/adam.h"

namespace longtake::gaussians {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kPerBlock = 4 * kThreads;  // values; a thread has four in a row

struct AdamBlocks {
    AdamBlock of[kMostColumns];
    unsigned end[kMostColumns];  // the block of threads after each column's
};

__global__ void __launch_bounds__(kThreads) adam_kernel(const AdamBlocks columns) {
    int c = 0;
    while (blockIdx.x >= columns.end[c]) {
        ++c;
    }
    const AdamBlock& column = columns.of[c];
    const unsigned block = blockIdx.x - (c == 0 ? 0 : columns.end[c - 1]);
    const int64_t at = block * kPerBlock + 4 * int64_t{threadIdx.x};
    if (at + 4 <= column.count) {
        const auto four = [at](auto* from) { return reinterpret_cast<float4*>(from + at); };
        float4 value = *four(column.value), first = *four(column.first);
        float4 second = *four(column.second);
        const float4 g = *reinterpret_cast<const float4*>(column.gradient + at);
        adam_update(column.rate, g.x, value.x, first.x, second.x);
        adam_update(column.rate, g.y, value.y, first.y, second.y);
        adam_update(column.rate, g.z, value.z, first.z, second.z);
        adam_update(column.rate, g.w, value.w, first.w, second.w);
        *four(column.value) = value;
        *four(column.first) = first;
        *four(column.second) = second;
        return;
    }
    for (int64_t i = at; i < column.count; ++i) {
        adam_update(column.rate, column.gradient[i], column.value[i], column.first[i],
                    column.second[i]);
    }
}

}  // namespace

void adam_step_cuda(std::span<const AdamBlock> columns, GpuStream stream) {
    AdamBlocks all{};
    unsigned blocks = 0;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        blocks += static_cast<unsigned>((columns[c].count + kPerBlock - 1) / kPerBlock);
        all.of[c] = columns[c];
        all.end[c] = blocks;
    }
    if (blocks > 0) {
        adam_kernel<<<blocks, kThreads, 0, stream>>>(all);
        cuda_check_launch("adam_kernel");
    }
}

}  // namespace longtake::gaussians
