#pragma once

#include "core/dtype.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

// What reader and writer of safetensors share: length (8 bytes, little-endian), JSON header, data.
namespace longtake::safetensors {

constexpr size_t kPrefix = 8;
constexpr size_t kMaxHeader = size_t{16} << 20;  // some 100000 tensors
constexpr std::string_view kMetadata = "__metadata__";

constexpr std::array<std::pair<std::string_view, DType>, 6> kTypes{{{"F32", DType::F32},
                                                                    {"BF16", DType::BF16},
                                                                    {"F16", DType::F16},
                                                                    {"I32", DType::I32},
                                                                    {"I64", DType::I64},
                                                                    {"U8", DType::U8}}};

// A name from a file, fit for a one-line message.
inline std::string quoted(const std::string& name) {
    using nlohmann::json;
    return json(name.substr(0, 80)).dump(-1, ' ', true, json::error_handler_t::replace);
}

}  // namespace longtake::safetensors
