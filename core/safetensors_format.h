#pragma once

#include "core/dtype.h"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

// What reader and writer of safetensors share: length (8 bytes, little-endian), JSON header, data.
namespace longtake::safetensors {

constexpr size_t kPrefix = 8;
constexpr size_t kMaxHeader = size_t{16} << 20;  // some 100000 tensors
constexpr std::string_view kMetadata = "__metadata__";

constexpr std::array<std::pair<std::string_view, DType>, 7> kTypes{{{"F32", DType::F32},
                                                                    {"BF16", DType::BF16},
                                                                    {"F16", DType::F16},
                                                                    {"F8_E4M3", DType::F8E4M3},
                                                                    {"I32", DType::I32},
                                                                    {"I64", DType::I64},
                                                                    {"U8", DType::U8}}};

}  // namespace longtake::safetensors
