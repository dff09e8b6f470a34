#include "gaussians/codec/decoder_coding.h"

#include "gaussians/codec/stream_info.h"

#include <algorithm>

namespace longtake::gaussians {
namespace {

void encode_numbers(const Tensor& numbers, const Tensor& before, ByteWriter& out) {
    const auto now = numbers.values<int32_t>(), old = before.values<int32_t>();
    for (size_t i = 0; i < now.size(); ++i) {
        const auto by = static_cast<uint32_t>(now[i]) - static_cast<uint32_t>(old[i]);
        put_varint(zigzag(static_cast<int32_t>(by)), out);
    }
}

Tensor decode_numbers(const Tensor& before, ByteReader& in) {
    Tensor out = before.clone();
    for (int32_t& v : out.values<int32_t>()) {
        const auto by = static_cast<uint32_t>(unzigzag(take_varint(in)));
        v = static_cast<int32_t>(static_cast<uint32_t>(v) + by);
    }
    return out;
}

// What a decoder of so many latents is told from.
FixedDecoder base_of(const FixedDecoder& before, int64_t latents) {
    if (before.latents() == latents) {
        return before;
    }
    FixedDecoder out = no_decoder(before.features());
    out.matrix = Tensor::zeros({latents, before.features()}, DType::I32);
    return out;
}

bool same(const Tensor& a, const Tensor& b) {
    return a.shape() == b.shape() && std::ranges::equal(a.values<int32_t>(), b.values<int32_t>());
}

constexpr uint64_t kAsBefore = 255;  // in place of the number of latents

}  // namespace

void encode_decoder(const FixedDecoder& decoder, const FixedDecoder& before, ByteWriter& out) {
    check(decoder.latents() <= kMostStreamLatents, "{} latents are more than a stream holds",
          decoder.latents());
    if (same(decoder.matrix, before.matrix) && same(decoder.shift, before.shift)) {
        out.number(kAsBefore, 1);
        return;
    }
    const FixedDecoder base = base_of(before, decoder.latents());
    out.number(static_cast<uint64_t>(decoder.latents()), 1);
    encode_numbers(decoder.matrix, base.matrix, out);
    encode_numbers(decoder.shift, base.shift, out);
}

FixedDecoder decode_decoder(const FixedDecoder& before, ByteReader& in) {
    const uint64_t latents = in.number(1);
    if (latents == kAsBefore) {
        return before;
    }
    check_input(latents <= kMostStreamLatents, "a decoder of it is of {} latents", latents);
    const FixedDecoder base = base_of(before, static_cast<int64_t>(latents));
    FixedDecoder out;
    out.matrix = decode_numbers(base.matrix, in);
    out.shift = decode_numbers(base.shift, in);
    return out;
}

FixedDecoder no_decoder(int64_t features) {
    return {.matrix = Tensor({0, features}, DType::I32),
            .shift = Tensor::zeros({features}, DType::I32)};
}

void put_varint(uint32_t value, ByteWriter& out) {
    for (; value >= 128; value >>= 7) {
        out.number(value | 128, 1);
    }
    out.number(value, 1);
}

uint32_t take_varint(ByteReader& in) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        const uint64_t byte = in.number(1);
        value |= (byte & 127) << shift;
        if (byte < 128) {
            check_input(value >> 32 == 0, "a number in it is too large");
            return static_cast<uint32_t>(value);
        }
    }
    fail_input("a number in it does not end");
}

}  // namespace longtake::gaussians
