#pragma once

#include "core/arena.h"
#include "core/tensor.h"
#include "gaussians/codec/column_block.h"
#include "gaussians/codec/column_code.h"

#include <cstdint>
#include <optional>
#include <span>

namespace longtake::gaussians {

// Values [N, F] int32 on the CPU.
CodedColumn encode_dense(const Tensor& values);
// Also writes flags [N]: which rows have anything but zeros.
CodedColumn encode_sparse(const Tensor& values, const FlagContext& context, uint8_t* flags);

// A column to decode.
struct ColumnJob {
    std::optional<ColumnCode> code;  // absent: all zeros
    FlagContext context;             // sparse
    Tensor* values = nullptr;        // out, [N, F] int32
    uint8_t* flags = nullptr;        // out, sparse: [N]
    int32_t multiple = 1;            // values are this many times what the code says
};
// Of several at once, on the device of their values. Throws InputError when one is damaged; then
// values are undefined. On the GPU it waits for the stream, and takes memory from the arena.
void decode_columns(std::span<const ColumnJob> jobs, Arena& arena, GpuStream stream = nullptr);

}  // namespace longtake::gaussians
