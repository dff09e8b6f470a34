#pragma once

#include "core/byte_reader.h"
#include "gaussians/codec/rans.h"
#include "gaussians/codec/symbol_table.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace longtake::gaussians {

// Whole numbers [N, F] of a frame come in one of two forms.
enum class ColumnForm : uint8_t {
    Dense,  // all rows; columns may be differences to the row before
    Sparse  // a flag for each row says whether there is anything but zeros
};

// A column's bytes: what stands before the blocks, which zstd makes smaller, and the blocks, which
// nothing does. Neither where all numbers are 0.
struct CodedColumn {
    std::vector<std::byte> head, blocks;
};

// The head of a coded column, and where its blocks lie. FORMAT.md has its bytes.
struct ColumnCode {
    ColumnForm form = ColumnForm::Dense;
    uint32_t block_bits = 0;                         // a block has 2^block_bits rows
    std::array<uint32_t, kFlagContexts> flags{};     // sparse: probabilities of a flag
    std::vector<bool> differences;                   // dense: of each column
    std::vector<Frequencies> tokens;                 // by token_table
    std::vector<std::span<const std::byte>> blocks;  // states and words; empty: all 0

    int64_t block_rows() const { return int64_t{1} << block_bits; }
    CodedColumn pack() const;
    // Takes the head, then all `words`, the blocks, which may follow the head in the same reader.
    // Throws InputError when they are no such code of rows x features; refers to them.
    static ColumnCode unpack(ByteReader& head, ByteReader& words, ColumnForm form, int64_t rows,
                             int64_t features);
};

constexpr uint32_t kLeastBlockBits = 10, kMostBlockBits = 24;
constexpr uint32_t kDenseBlockBits = 14;  // that the encoder gives a dense column
inline int64_t blocks_of(int64_t rows, uint32_t block_bits) {
    return (rows + (int64_t{1} << block_bits) - 1) >> block_bits;
}

}  // namespace longtake::gaussians
