#include "gaussians/codec/column_code.h"

#include "core/byte_writer.h"

namespace longtake::gaussians {

CodedColumn ColumnCode::pack() const {
    ByteWriter out, words;
    out.number(block_bits, 1);
    if (form == ColumnForm::Sparse) {
        for (const uint32_t probability : flags) {
            out.number(probability, 2);
        }
    } else {
        for (const bool difference : differences) {
            out.number(difference ? 1 : 0, 1);
        }
    }
    for (const Frequencies& table : tokens) {
        put_frequencies(table, out);
    }
    for (const auto& block : blocks) {
        out.number(block.size(), 4);
    }
    for (const auto& block : blocks) {
        words.bytes(block);
    }
    return {.head = out.take(), .blocks = words.take()};
}

ColumnCode ColumnCode::unpack(ByteReader& head, ByteReader& words, ColumnForm form, int64_t rows,
                              int64_t features) {
    ColumnCode out{.form = form,
                   .block_bits = static_cast<uint32_t>(head.number(1)),
                   .differences = {},
                   .tokens = {},
                   .blocks = {}};
    check_input(out.block_bits >= kLeastBlockBits && out.block_bits <= kMostBlockBits,
                "its blocks are of 2^{} rows", out.block_bits);
    if (form == ColumnForm::Sparse) {
        for (uint32_t& probability : out.flags) {
            probability = static_cast<uint32_t>(head.number(2));
            check_input(probability > 0 && probability < kRansScale, "its flags are impossible");
        }
    } else {
        for (int64_t f = 0; f < features; ++f) {
            const uint64_t difference = head.number(1);
            check_input(difference <= 1, "its columns are of no known kind");
            out.differences.push_back(difference == 1);
        }
    }
    for (int64_t i = 0; i < features * int64_t{kTokenContexts}; ++i) {
        out.tokens.push_back(take_frequencies(head));
    }
    const int64_t count = blocks_of(rows, out.block_bits);
    ByteReader sizes(head.take(4 * static_cast<uint64_t>(count)));
    for (int64_t i = 0; i < count; ++i) {
        const uint64_t size = sizes.number(4);
        check_input(size == 0 || (size >= kStateBytes && size % 2 == 0), "a block has {} bytes",
                    size);
        out.blocks.push_back(words.take(size));
    }
    check_input(words.left() == 0, "there are {} bytes too many", words.left());
    return out;
}

}  // namespace longtake::gaussians
