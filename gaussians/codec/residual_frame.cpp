#include "gaussians/codec/residual_frame.h"

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "core/error.h"
#include "gaussians/codec/column_coding.h"
#include "gaussians/codec/decoder_coding.h"

#include <algorithm>
#include <span>
#include <vector>

namespace longtake::gaussians {
namespace {

struct LatentPart {
    StreamPart part;
    ResidualColumn Residual::*column;
};
constexpr LatentPart kLatentParts[]{{StreamPart::LogScales, &Residual::log_scales},
                                    {StreamPart::Rotations, &Residual::rotations},
                                    {StreamPart::Opacities, &Residual::opacities},
                                    {StreamPart::ShDc, &Residual::sh_dc}};

void put_rows(const std::vector<int32_t>& rows, ByteWriter& out) {
    put_varint(static_cast<uint32_t>(rows.size()), out);
    int32_t before = 0;
    for (const int32_t row : rows) {
        put_varint(zigzag(row - before), out);
        before = row;
    }
}

std::vector<int32_t> take_rows(ByteReader& in, int64_t count) {
    const uint32_t size = take_varint(in);
    std::vector<int32_t> rows;
    int64_t row = 0;
    for (uint32_t i = 0; i < size; ++i) {  // each takes a byte at least
        row += unzigzag(take_varint(in));
        check_input(row >= 0 && row < count, "its topology names Gaussian {} of {}", row, count);
        rows.push_back(static_cast<int32_t>(row));
    }
    return rows;
}

std::vector<std::byte> encode_topology(const Residual& residual) {
    if (residual.removed.empty() && residual.clones.empty() && residual.splits.empty()) {
        return {};
    }
    ByteWriter out;
    put_rows(residual.removed, out);
    put_rows(residual.clones, out);
    put_rows(residual.splits, out);
    return out.take();
}

void decode_topology(std::span<const std::byte> bytes, int64_t count_before, Residual& out) {
    if (!bytes.empty()) {
        ByteReader in(bytes);
        out.removed = take_rows(in, count_before);
        out.clones = take_rows(in, count_before);
        out.splits = take_rows(in, count_before);
        check_input(in.left() == 0, "its topology is too long");
        check_input(
            std::ranges::adjacent_find(out.removed, std::greater_equal{}) == out.removed.end(),
            "its topology removes Gaussians out of order");
    }
}

std::vector<std::byte> encode_decoders(const Residual& residual, const CodingState& before) {
    ByteWriter out;
    bool news = !same(residual.rest_decoder, before.cloud.rest_decoder);
    for (size_t i = 0; i < std::size(kLatentParts); ++i) {
        const FixedDecoder& decoder = (residual.*kLatentParts[i].column).decoder;
        news = news || !same(decoder, before.decoders[i]);
        encode_decoder(decoder, before.decoders[i], out);
    }
    encode_decoder(residual.rest_decoder, before.cloud.rest_decoder, out);
    return news ? out.take() : std::vector<std::byte>();
}

void decode_decoders(std::span<const std::byte> bytes, const CodingState& before, Residual& out) {
    ByteReader in(bytes);
    for (size_t i = 0; i < std::size(kLatentParts); ++i) {
        (out.*kLatentParts[i].column).decoder =
            bytes.empty() ? before.decoders[i] : decode_decoder(before.decoders[i], in);
    }
    const FixedDecoder& rest = before.cloud.rest_decoder;
    out.rest_decoder = bytes.empty() ? rest : decode_decoder(rest, in);
    check_input(in.left() == 0 && out.rest_decoder.latents() == rest.latents(),
                "its decoders do not fit");
}

int64_t count_changed(const Residual& residual) {
    const int64_t count = residual.count();
    const auto fresh = static_cast<int64_t>(residual.clones.size() + residual.splits.size());
    const auto any = [](const Tensor& values, int64_t row) {
        const int64_t width = values.extent(1);
        const int32_t* at = values.data<int32_t>() + width * row;
        return std::any_of(at, at + width, [](int32_t v) { return v != 0; });
    };
    int64_t changed = fresh;
    for (int64_t row = 0; row < count - fresh; ++row) {
        bool changes = any(residual.means, row) || any(residual.rest, row);
        for (const LatentPart& part : kLatentParts) {
            changes = changes || any((residual.*part.column).latents, row);
        }
        changed += changes ? 1 : 0;
    }
    return changed;
}

}  // namespace

ResidualFrame encode_residual(const Residual& residual, const CodingState& before) {
    ResidualFrame out;
    const auto part = [&](StreamPart which) -> std::vector<std::byte>& {
        return out.parts[static_cast<size_t>(which)];
    };
    part(StreamPart::Topology) = encode_topology(residual);
    part(StreamPart::Decoders) = encode_decoders(residual, before);
    part(StreamPart::Means) = encode_column(residual.means);
    for (const LatentPart& latent : kLatentParts) {
        part(latent.part) = encode_column((residual.*latent.column).latents);
    }
    part(StreamPart::Rest) = encode_column(residual.rest);
    out.changed = count_changed(residual);
    return out;
}

Residual decode_residual(const FrameParts& parts, int64_t count, const CodingState& before) {
    Residual out;
    const auto part = [&](StreamPart which) -> std::span<const std::byte> {
        return parts[static_cast<size_t>(which)];
    };
    decode_topology(part(StreamPart::Topology), before.cloud.count(), out);
    const auto rows = before.cloud.count() - std::ssize(out.removed) + std::ssize(out.clones) +
                      std::ssize(out.splits);
    check_input(rows == count, "its topology makes {} Gaussians, not {}", rows, count);
    decode_decoders(part(StreamPart::Decoders), before, out);
    out.means = decode_column(part(StreamPart::Means), {count, 3});
    for (const LatentPart& latent : kLatentParts) {
        ResidualColumn& column = out.*latent.column;
        column.latents = decode_column(part(latent.part), {count, column.decoder.latents()});
    }
    out.rest = decode_column(part(StreamPart::Rest), {count, out.rest_decoder.latents()});
    return out;
}

CodingState advance(const CodingState& before, const Residual& residual) {
    CodingState after{.cloud = advance(before.cloud, residual), .decoders = {}};
    for (size_t i = 0; i < std::size(kLatentParts); ++i) {
        after.decoders[i] = (residual.*kLatentParts[i].column).decoder;
    }
    return after;
}

}  // namespace longtake::gaussians
