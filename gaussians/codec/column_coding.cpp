#include "gaussians/codec/column_coding.h"

#include "gaussians/formats/compression.h"

#include <algorithm>
#include <cstring>

namespace longtake::gaussians {

std::vector<std::byte> encode_column(const Tensor& values) {
    const auto all = values.values<int32_t>();
    if (std::ranges::all_of(all, [](int32_t v) { return v == 0; })) {
        return {};
    }
    return zstd(std::as_bytes(all));
}

Tensor decode_column(std::span<const std::byte> bytes, const Shape& shape) {
    if (bytes.empty()) {
        return Tensor::zeros(shape, DType::I32);
    }
    Tensor out(shape, DType::I32);
    const auto unpacked = unzstd(bytes, out.bytes());
    std::memcpy(out.raw(), unpacked.data(), unpacked.size());
    return out;
}

}  // namespace longtake::gaussians
