#include "gaussians/codec/column_code.h"

#include "core/byte_reader.h"
#include "core/byte_writer.h"

namespace longtake::gaussians {

std::vector<std::byte> ColumnCode::pack() const {
    ByteWriter out;
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
        out.bytes(block);
    }
    return out.take();
}

ColumnCode ColumnCode::unpack(std::span<const std::byte> bytes, ColumnForm form, int64_t rows,
                              int64_t features) {
    ByteReader in(bytes);
    ColumnCode out{.form = form,
                   .block_bits = static_cast<uint32_t>(in.number(1)),
                   .differences = {},
                   .tokens = {},
                   .blocks = {}};
    check_input(out.block_bits >= kLeastBlockBits && out.block_bits <= kMostBlockBits,
                "its blocks are of 2^{} rows", out.block_bits);
    if (form == ColumnForm::Sparse) {
        for (uint32_t& probability : out.flags) {
            probability = static_cast<uint32_t>(in.number(2));
            check_input(probability > 0 && probability < kRansScale, "its flags are impossible");
        }
    } else {
        for (int64_t f = 0; f < features; ++f) {
            const uint64_t difference = in.number(1);
            check_input(difference <= 1, "its columns are of no known kind");
            out.differences.push_back(difference == 1);
        }
    }
    for (int64_t i = 0; i < features * int64_t{kTokenContexts}; ++i) {
        out.tokens.push_back(take_frequencies(in));
    }
    const int64_t count = blocks_of(rows, out.block_bits);
    ByteReader sizes(in.take(4 * static_cast<uint64_t>(count)));
    for (int64_t i = 0; i < count; ++i) {
        const uint64_t size = sizes.number(4);
        check_input(size == 0 || (size >= kStateBytes && size % 2 == 0), "a block has {} bytes",
                    size);
        out.blocks.push_back(in.take(size));
    }
    check_input(in.left() == 0, "there are {} bytes too many", in.left());
    return out;
}

}  // namespace longtake::gaussians
