#pragma once

#include "core/device.h"
#include "core/host_device.h"
#include "gaussians/codec/fixed_rows.h"
#include "gaussians/codec/rans.h"

#include <cstddef>
#include <cstdint>

namespace longtake::gaussians {

// What is known of a sparse column's rows before it is read, for the likelihood of their flags; in
// plain memory of the device.
struct FlagContext {
    const uint8_t* before = nullptr;  // [N before] flags of this column in the frame before
    const int32_t* sources =
        nullptr;                     // [N] the rows of that frame they are made of; null: the same
    const uint8_t* moves = nullptr;  // [N] flags of the centres in this frame; null: all 0

    LONGTAKE_HOST_DEVICE uint32_t at(int64_t row, uint32_t level) const {
        const uint32_t was = before != nullptr ? before[source_of(sources, row)] : 0;
        const uint32_t move = moves != nullptr ? moves[row] : 0;
        return (2 * was + move) * kFlagLevels + level;
    }
};

// A block of a job, in plain memory; a build's devices share it.
struct BlockJob {
    const std::byte* bytes;   // states, then words
    int64_t words;            // how many of these
    int64_t first_row, rows;  // of the column
    int64_t features;
    bool sparse;
    const RansTable* tables;       // by token_table
    const uint32_t* flag_chances;  // [kFlagContexts]
    const uint8_t* differences;    // [F], dense
    FlagContext context;
    int32_t* values;  // of the column, zeros before
    uint8_t* flags;   // of the column, zeros before
};
bool decode_block_cpu(const BlockJob& job);  // whether it was sound
// Jobs in memory of the GPU; sets *unsound, there, where one was not.
void decode_blocks_cuda(const BlockJob* jobs, int64_t count, int32_t* unsound, GpuStream stream);

}  // namespace longtake::gaussians
