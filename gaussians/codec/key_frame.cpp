#include "gaussians/codec/key_frame.h"

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "core/error.h"
#include "gaussians/codec/decoder_coding.h"
#include "gaussians/codec/fixed_rows.h"
#include "gaussians/codec/frame_columns.h"
#include "gaussians/codec/morton.h"
#include "gaussians/codec/parallel_rows.h"
#include "gaussians/train/rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace longtake::gaussians {
namespace {

// A column of a key: which part, and to multiples of how many of its steps it is rounded.
struct KeyColumn {
    StreamPart part;
    Tensor FixedCloud::*values;
    int64_t features;  // 0: as many as latents
    int32_t multiple;
};
constexpr KeyColumn kColumns[]{
    {StreamPart::Means, &FixedCloud::means, 3, KeyMultiples::kMeans},
    {StreamPart::LogScales, &FixedCloud::log_scales, 3, KeyMultiples::kLogScales},
    {StreamPart::Rotations, &FixedCloud::rotations, 4, KeyMultiples::kRotations},
    {StreamPart::Opacities, &FixedCloud::opacities, 1, KeyMultiples::kOpacities},
    {StreamPart::ShDc, &FixedCloud::sh_dc, 3, KeyMultiples::kShDc},
    {StreamPart::Rest, &FixedCloud::rest, 0, 1},
};

// The nearest multiples, counted; where the nearest does not fit into 32 bits, the one before.
Tensor divided(const Tensor& column, int32_t multiple) {
    Tensor out(column.shape(), DType::I32);
    const int64_t most = std::numeric_limits<int32_t>::max() / multiple;
    parallel_for_rows(column.count(), [&](int64_t i) {
        const int64_t v = column.data<int32_t>()[i];
        const int64_t half = v < 0 ? -multiple / 2 : multiple / 2;
        out.data<int32_t>()[i] =
            static_cast<int32_t>(std::clamp((v + half) / multiple, -most, most));
    });
    return out;
}

void multiply(Tensor& column, int32_t multiple) {
    const MultiplyRows rows{.values = column.data<int32_t>(),
                            .by = static_cast<uint32_t>(multiple)};
    run_on(column.device(), rows, column.count(), nullptr);
}

CodingState state_of(const FixedCloud& cloud, Tensor changes) {
    clear_bytes(changes.raw(), changes.device(), changes.bytes(), nullptr);
    return {.cloud = cloud,
            .decoders = {no_decoder(3), no_decoder(4), no_decoder(1), no_decoder(3)},
            .changes = std::move(changes)};
}

}  // namespace

Tensor normalized_rotations(const Tensor& rotations) {
    Tensor out(rotations.shape(), DType::I32);
    parallel_for_rows(rotations.extent(0), [&](int64_t i) {
        const int32_t* from = rotations.data<int32_t>() + 4 * i;
        double square = 0;
        for (size_t k = 0; k < 4; ++k) {
            square += static_cast<double>(from[k]) * from[k];
        }
        const double length = std::copysign(std::sqrt(std::max(square, 1.)), from[0]);
        for (int64_t k = 0; k < 4; ++k) {
            out.data<int32_t>()[4 * i + k] =
                static_cast<int32_t>(std::lround(from[k] / length * KeyMultiples::kOne));
        }
    });
    return out;
}

KeyFrame encode_key(const FixedCloud& cloud) {
    KeyFrame out;
    const Tensor places = divided(cloud.means, kColumns[0].multiple);
    out.order = morton_order(places);
    out.state = state_of(cloud, Tensor({CodingState::kChanges, cloud.count()}, DType::U8));
    ByteWriter models;
    encode_decoder(cloud.rest_decoder, no_decoder(cloud.rest_decoder.features()), models);
    for (const KeyColumn& column : kColumns) {
        const Tensor& given = cloud.*column.values;
        const bool turns = column.part == StreamPart::Rotations;
        Tensor counted = in_order(
            divided(turns ? normalized_rotations(given) : given, column.multiple), out.order);
        put_column(column.part, encode_dense(counted), column.multiple, models, out.parts);
        multiply(counted, column.multiple);
        out.state.cloud.*column.values = counted;
    }
    out.parts[StreamPart::Models] = models.take();
    return out;
}

CodingState decode_key(const FrameParts& parts, int64_t count, const StreamInfo& info,
                       Arena& arena) {
    FixedCloud cloud{.mean_step = info.mean_step,
                     .means = {},
                     .log_scales = {},
                     .rotations = {},
                     .opacities = {},
                     .sh_dc = {},
                     .rest = {},
                     .rest_decoder = {}};
    ByteReader models(parts[StreamPart::Models]);
    cloud.rest_decoder = decode_decoder(no_decoder(3 * sh_rest_count(info.sh_degree)), models);
    std::vector<ColumnJob> jobs;
    for (const KeyColumn& column : kColumns) {
        const int64_t features = column.features > 0 ? column.features : info.latents;
        Tensor& values = cloud.*column.values;
        values = arena.allocate({count, features}, DType::I32);
        jobs.push_back({.code = {}, .context = {}, .values = &values});
        take_column(parts, column.part, ColumnForm::Dense, true, models, jobs.back());
    }
    check_input(cloud.rest_decoder.latents() == info.latents && models.left() == 0,
                "its decoder is of {} latents", cloud.rest_decoder.latents());
    decode_columns(jobs, arena);
    return state_of(cloud, arena.allocate({CodingState::kChanges, count}, DType::U8));
}

}  // namespace longtake::gaussians
