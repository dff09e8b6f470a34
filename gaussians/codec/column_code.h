#pragma once

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

// What stands before the blocks of a coded column, and where these lie. FORMAT.md has its bytes.
struct ColumnCode {
    ColumnForm form = ColumnForm::Dense;
    uint32_t block_bits = 0;                         // a block has 2^block_bits rows
    std::array<uint32_t, kFlagContexts> flags{};     // sparse: probabilities of a flag
    std::vector<bool> differences;                   // dense: of each column
    std::vector<Frequencies> tokens;                 // by token_table
    std::vector<std::span<const std::byte>> blocks;  // states and words; empty: all 0

    int64_t block_rows() const { return int64_t{1} << block_bits; }
    std::vector<std::byte> pack() const;
    // Throws InputError when `bytes` are no such code of rows x features; refers to them.
    static ColumnCode unpack(std::span<const std::byte> bytes, ColumnForm form, int64_t rows,
                             int64_t features);
};

constexpr uint32_t kLeastBlockBits = 10, kMostBlockBits = 24;
constexpr uint32_t kDenseBlockBits = 14;  // that the encoder gives a dense column
inline int64_t blocks_of(int64_t rows, uint32_t block_bits) {
    return (rows + (int64_t{1} << block_bits) - 1) >> block_bits;
}

}  // namespace longtake::gaussians
