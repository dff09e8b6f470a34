#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace longtake {

// The checksum of iSCSI and ext4 (RFC 3720, Castagnoli's polynomial).
uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace longtake
