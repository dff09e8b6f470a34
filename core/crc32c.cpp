#include "core/crc32c.h"

#include <array>
#include <cstring>

namespace longtake {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected
constexpr size_t kAtOnce = 8;
using Tables = std::array<std::array<uint32_t, 256>, kAtOnce>;

// tables[k][b]: what byte b does to a checksum when k more bytes follow.
constexpr Tables make_tables() {
    Tables tables{};
    for (uint32_t b = 0; b < 256; ++b) {
        uint32_t value = b;
        for (int bit = 0; bit < 8; ++bit) {
            value = value >> 1 ^ ((value & 1) != 0 ? kPolynomial : 0);
        }
        tables[0][b] = value;
    }
    for (size_t k = 1; k < kAtOnce; ++k) {
        for (size_t b = 0; b < 256; ++b) {
            const uint32_t before = tables[k - 1][b];
            tables[k][b] = before >> 8 ^ tables[0][before & 255];
        }
    }
    return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

uint32_t crc32c(std::span<const std::byte> bytes) {
    uint32_t value = ~0U;
    while (bytes.size() >= kAtOnce) {
        std::array<uint8_t, kAtOnce> b{};
        std::memcpy(b.data(), bytes.data(), kAtOnce);
        uint32_t next = 0;
        for (size_t i = 0; i < kAtOnce; ++i) {
            const uint32_t in = i < 4 ? (value >> (8 * i) & 255) ^ b[i] : b[i];
            next ^= kTables[kAtOnce - 1 - i][in];
        }
        value = next;
        bytes = bytes.subspan(kAtOnce);
    }
    for (const std::byte b : bytes) {
        value = value >> 8 ^ kTables[0][(value ^ std::to_integer<uint32_t>(b)) & 255];
    }
    return ~value;
}

}  // namespace longtake
