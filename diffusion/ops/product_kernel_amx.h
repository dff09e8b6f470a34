#pragma once

#include <cstdint>

namespace longtake::diffusion {

constexpr int64_t kAmxRows = 32, kAmxColumns = 32, kAmxDepth = 32;

// Up to kAmxRows rows of x times packed weights, and what becomes of the result r + bias before it
// reaches memory. Only plain pointers, because the kernel is compiled for what machines may lack.
struct AmxProduct {
    const uint16_t* x;  // [16 or 32, in] bf16, also where `rows` are fewer
    int64_t rows, in;   // in: a multiple of kAmxDepth
    const uint16_t*
        weights;        // [columns / 32, in / 32, 2, 16, 16, 2] bf16: pairs of inputs by column
    const float* bias;  // [columns]
    int64_t columns;    // a multiple of kAmxColumns
    void* y;            // [rows, y_stride] bf16 or fp32
    int64_t y_stride;
    bool to_bf16, gelu;
    bool add;           // y += gate r, to fp32
    const float* gate;  // [columns] or null: ones
    float* scratch;     // kAmxScratch, 64-byte aligned
};
constexpr int64_t kAmxScratch = 2 * kAmxRows * kAmxColumns;

// Throws nothing and asks nothing: for machines with AMX alone.
void product_kernel_amx(const AmxProduct& product);

}  // namespace longtake::diffusion
