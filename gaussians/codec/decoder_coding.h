#pragma once

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "gaussians/codec/fixed_cloud.h"

namespace longtake::gaussians {

// A decoder as its differences to the one before, in variable-length numbers; where the two differ
// in latents, to nothing; where they are the same, a byte.
void encode_decoder(const FixedDecoder& decoder, const FixedDecoder& before, ByteWriter& out);
FixedDecoder decode_decoder(const FixedDecoder& before, ByteReader& in);

// Of no latents, that says nothing of `features` numbers.
FixedDecoder no_decoder(int64_t features);

// Seven bits a byte, the lowest first; the eighth says that more follow.
void put_varint(uint32_t value, ByteWriter& out);
uint32_t take_varint(ByteReader& in);
// 0, -1, 1, -2, ... as 0, 1, 2, 3, ...
constexpr uint32_t zigzag(int32_t v) {
    return static_cast<uint32_t>(v) << 1 ^ static_cast<uint32_t>(v >> 31);
}
constexpr int32_t unzigzag(uint32_t v) {
    return static_cast<int32_t>(v >> 1 ^ (0 - (v & 1)));
}

}  // namespace longtake::gaussians
