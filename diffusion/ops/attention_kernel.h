#pragma once

#include "core/dtype.h"

#include <cstdint>
#include <span>

namespace longtake::diffusion {

// The work of one kernel call: some query rows of one head against all its keys. Only plain
// pointers, because kernels are compiled for instruction sets the machine may lack.
struct AttentionTile {
    const void* q;  // row r at q + r * stride elements
    void* out;      // likewise
    int64_t stride, rows;
    const void* keys;    // of this head, [slots, head_dim], packed when the kernel wants it
    const void* values;  // likewise
    int64_t slots, head_dim;
    const float* key_bias;  // [slots] in units of log2, or null
    float scale;            // log2(e) / sqrt(head_dim)
    float* scratch;         // 64-byte aligned, scratch_floats(head_dim)
};

struct AttentionKernel {
    // Rearranges the rows [begin, end) of a head; begin is a multiple of 64. The result is one
    // float per element or less, its last rows filled up to 32.
    using Pack = void (*)(const void* from, int64_t begin, int64_t end, int64_t head_dim,
                          float* to);
    const char* name;
    DType dtype;
    int64_t lane_rows, tile_rows;  // rows of one vector, and of the most one call takes
    int64_t dim_multiple;          // head_dim is a multiple of it, up to 128
    int64_t (*scratch_floats)(int64_t head_dim);
    void (*run)(const AttentionTile& tile);
    Pack pack_keys;  // null: keys are read where they lie
    Pack pack_values;
};

// The kernels this machine can run for a type, fastest first; none where there is no fast one.
std::span<const AttentionKernel* const> attention_kernels(DType dtype);

}  // namespace longtake::diffusion
