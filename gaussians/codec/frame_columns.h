#pragma once

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "gaussians/codec/column_coding.h"
#include "gaussians/codec/frame_header.h"

#include <cstdint>
#include <optional>

namespace longtake::gaussians {

// A column as a part of a frame, its head behind the models so far. Where there is a multiple,
// which some columns have, the column's numbers are to be multiplied by it.
void put_column(StreamPart part, CodedColumn column, std::optional<int32_t> multiple,
                ByteWriter& models, FrameParts& parts);
// Sets the code of a job for the job's values, and its multiple where `scaled`. Throws InputError
// when it is damaged; refers to the parts.
void take_column(const FrameParts& parts, StreamPart part, ColumnForm form, bool scaled,
                 ByteReader& models, ColumnJob& job);

}  // namespace longtake::gaussians
