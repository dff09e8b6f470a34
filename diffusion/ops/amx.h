#pragma once

#include <cstdint>

#include <immintrin.h>

namespace longtake::diffusion {
namespace {  // every file that includes this is compiled for the matrix unit

constexpr int64_t kTile = 16;  // rows of a tile, and its columns of 32 bits

// Eight tiles of full size: 16 rows of 64 bytes.
struct alignas(64) TileConfig {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

// The compiler does not know that tiles are loaded from memory.
inline void settle() {
    asm volatile("" ::: "memory");
}

}  // namespace
}  // namespace longtake::diffusion
