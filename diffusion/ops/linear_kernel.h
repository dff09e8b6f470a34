#pragma once

#include <cstdint>

namespace longtake::diffusion {

// Some rows of a matrix product against a panel of kLinearPanel columns, with the epilogue. Only
// plain pointers, because the kernel is compiled for an instruction set the machine may lack.
constexpr int64_t kLinearPanel = 16;

struct LinearTile {
    const float* x;  // [rows, in]
    int64_t rows, in;
    const float* panel;  // [in, kLinearPanel], 64-byte aligned, zero past `columns`
    const float* bias;   // [kLinearPanel], likewise
    const float* gate;   // [columns], or null
    float* y;            // row r at y + r * stride
    int64_t stride, columns;
    bool gelu, add;
};

// Every element is one sum in the order of `in`, whatever tile it is in.
void linear_tile_avx2(const LinearTile& tile);

}  // namespace longtake::diffusion
