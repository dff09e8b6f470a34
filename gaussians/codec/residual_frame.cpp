#include "gaussians/codec/residual_frame.h"

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "core/error.h"
#include "gaussians/codec/decoder_coding.h"
#include "gaussians/codec/frame_columns.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
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

void encode_decoders(const Residual& residual, const CodingState& before, ByteWriter& out) {
    for (size_t i = 0; i < std::size(kLatentParts); ++i) {
        encode_decoder((residual.*kLatentParts[i].column).decoder, before.decoders[i], out);
    }
    encode_decoder(residual.rest_decoder, before.cloud.rest_decoder, out);
}

// No bytes: all are as before.
void decode_decoders(ByteReader& in, const CodingState& before, Residual& out) {
    const bool news = in.left() > 0;
    for (size_t i = 0; i < std::size(kLatentParts); ++i) {
        (out.*kLatentParts[i].column).decoder =
            news ? decode_decoder(before.decoders[i], in) : before.decoders[i];
    }
    const FixedDecoder& rest = before.cloud.rest_decoder;
    out.rest_decoder = news ? decode_decoder(rest, in) : rest;
    check_input(out.rest_decoder.latents() == rest.latents(), "its decoders do not fit");
}

// The parts that are columns, in the order of CodingState::changes.
struct Column {
    StreamPart part;
    Tensor* values;
};
std::array<Column, CodingState::kChanges> columns_of(Residual& residual) {
    return {{{StreamPart::Means, &residual.means},
             {StreamPart::LogScales, &residual.log_scales.latents},
             {StreamPart::Rotations, &residual.rotations.latents},
             {StreamPart::Opacities, &residual.opacities.latents},
             {StreamPart::ShDc, &residual.sh_dc.latents},
             {StreamPart::Rest, &residual.rest}}};
}

// What all numbers are multiples of: trainers move centres by many steps of the stream.
int32_t multiple_of(const Tensor& values) {
    int64_t common = 0;
    for (const int32_t value : values.values<int32_t>()) {
        common = std::gcd(common, int64_t{value});
        if (common == 1) {
            break;
        }
    }
    return static_cast<int32_t>(
        std::clamp<int64_t>(common, 1, std::numeric_limits<int32_t>::max()));
}

Tensor quotients(const Tensor& values, int32_t divisor) {
    Tensor out = values.clone();
    for (int32_t& value : out.values<int32_t>()) {
        value /= divisor;
    }
    return out;
}

// Of a column's flags: what they were before, and in this frame those of the centres, which come
// first.
FlagContext context_of(size_t column, const Tensor& before, const Tensor& sources,
                       const Tensor& now) {
    return {.before = before.data<uint8_t>() + static_cast<int64_t>(column) * before.extent(1),
            .sources = sources.empty() ? nullptr : sources.data<int32_t>(),
            .moves = column == 0 ? nullptr : now.data<uint8_t>()};
}

int64_t count_changed(const Tensor& changes, int64_t fresh) {
    const int64_t count = changes.extent(1);
    int64_t changed = fresh;
    for (int64_t row = 0; row < count - fresh; ++row) {
        uint8_t any = 0;
        for (int64_t i = 0; i < CodingState::kChanges; ++i) {
            any |= changes.data<uint8_t>()[i * count + row];
        }
        changed += any;
    }
    return changed;
}

CodingState state_after(const CodingState& before, const Residual& residual, const Tensor& changes,
                        Arena* arena = nullptr) {
    return {.cloud = advance(before.cloud, residual, nullptr, arena),
            .decoders = {residual.log_scales.decoder, residual.rotations.decoder,
                         residual.opacities.decoder, residual.sh_dc.decoder},
            .changes = changes};
}

}  // namespace

ResidualFrame encode_residual(const Residual& residual, const CodingState& before) {
    residual.check_fits(before.cloud);
    ResidualFrame out;
    out.parts[StreamPart::Topology] = encode_topology(residual);
    ByteWriter models;
    encode_decoders(residual, before, models);
    Residual here = residual.to(Device::Cpu);
    const Tensor old = before.changes.to(Device::Cpu),
                 sources = residual.sources(before.cloud.count(), Device::Cpu);
    Tensor changes({CodingState::kChanges, residual.count()}, DType::U8);
    const auto columns = columns_of(here);
    for (size_t i = 0; i < columns.size(); ++i) {
        const FlagContext context = context_of(i, old, sources, changes);
        uint8_t* flags = changes.data<uint8_t>() + static_cast<int64_t>(i) * residual.count();
        std::optional<int32_t> multiple;
        Tensor values = *columns[i].values;
        if (columns[i].part == StreamPart::Means) {
            multiple = multiple_of(values);
            values = quotients(values, *multiple);
        }
        put_column(columns[i].part, encode_sparse(values, context, flags), multiple, models,
                   out.parts);
    }
    if (models.written().size() > std::size(kLatentParts) + 1) {  // more than: as before
        out.parts[StreamPart::Models] = models.take();
    }
    out.changed = count_changed(changes, std::ssize(residual.clones) + std::ssize(residual.splits));
    out.after = state_after(before, residual, changes.to(before.cloud.device()));
    return out;
}

CodingState decode_residual(const FrameParts& parts, int64_t count, const CodingState& before,
                            Arena& arena) {
    Residual out;
    decode_topology(parts[StreamPart::Topology], before.cloud.count(), out);
    const auto rows = before.cloud.count() - std::ssize(out.removed) + std::ssize(out.clones) +
                      std::ssize(out.splits);
    check_input(rows == count, "its topology makes {} Gaussians, not {}", rows, count);
    ByteReader models(parts[StreamPart::Models]);
    decode_decoders(models, before, out);

    const auto sized = [&](int64_t features) {
        return arena.allocate({count, features}, DType::I32);
    };
    out.means = sized(3);
    for (const LatentPart& latent : kLatentParts) {
        ResidualColumn& column = out.*latent.column;
        column.latents = sized(column.decoder.latents());
    }
    out.rest = sized(out.rest_decoder.latents());
    const Tensor sources =
        out.sources(before.cloud.count(), before.cloud.device(), nullptr, &arena);
    Tensor changes = arena.allocate({CodingState::kChanges, count}, DType::U8);
    std::vector<ColumnJob> jobs;
    const auto columns = columns_of(out);
    for (size_t i = 0; i < columns.size(); ++i) {
        jobs.push_back({.code = {},
                        .context = context_of(i, before.changes, sources, changes),
                        .values = columns[i].values,
                        .flags = changes.data<uint8_t>() + static_cast<int64_t>(i) * count});
        take_column(parts, columns[i].part, ColumnForm::Sparse,
                    columns[i].part == StreamPart::Means, models, jobs.back());
    }
    check_input(models.left() == 0, "its models are too long");
    decode_columns(std::span(jobs).first(1), arena);
    decode_columns(std::span(jobs).subspan(1), arena);
    return state_after(before, out, changes, &arena);
}

}  // namespace longtake::gaussians
