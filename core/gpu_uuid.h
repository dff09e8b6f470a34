#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace longtake {

// Of the current GPU of CUDA, by which other APIs know it, too; nothing where there is none.
std::optional<std::array<uint8_t, 16>> gpu_uuid();

}  // namespace longtake
