#include "gaussians/codec/frame_columns.h"

#include <utility>

namespace longtake::gaussians {

void put_column(StreamPart part, CodedColumn column, std::optional<int32_t> multiple,
                ByteWriter& models, FrameParts& parts) {
    if (multiple && !column.blocks.empty()) {
        models.number(static_cast<uint64_t>(*multiple), 4);
    }
    models.bytes(column.head);
    parts[part] = std::move(column.blocks);
}

void take_column(const FrameParts& parts, StreamPart part, ColumnForm form, bool scaled,
                 ByteReader& models, ColumnJob& job) {
    ByteReader blocks(parts[part]);
    ByteReader& head = parts.heads_apart ? models : blocks;
    if (blocks.left() > 0 && scaled) {
        job.multiple = static_cast<int32_t>(head.number(4));
    }
    if (blocks.left() > 0) {
        job.code =
            ColumnCode::unpack(head, blocks, form, job.values->extent(0), job.values->extent(1));
    }
}

}  // namespace longtake::gaussians
