#pragma once

#include <cstdint>

namespace longtake::diffusion {

// The columns of a weight matrix are packed in panels of so many.
constexpr int64_t kPanelColumns = 16;

// Some rows of a product with one panel, and what happens to the result r before it is stored:
// y = relu(gelu(r + bias) * gate + addend), each part if wanted. Only plain pointers, because the
// kernel is compiled for an instruction set the machine may lack.
struct PanelTile {
    // Row i of x is `runs` runs of `run` values each, the first at x + i * x_stride, one from the
    // next run_stride apart.
    const float* x = nullptr;
    int64_t rows = 0, x_stride = 0, runs = 1, run = 0, run_stride = 0;
    const float* panel = nullptr;  // [runs * run, kPanelColumns], 64-byte aligned
    const float* bias = nullptr;   // [kPanelColumns], likewise
    int64_t columns = 0;           // up to kPanelColumns
    float* y = nullptr;            // [rows, columns], row i at y + i * y_stride
    int64_t y_stride = 0;
    bool gelu = false, relu = false;
    const float* gate = nullptr;    // [columns], or null
    const float* addend = nullptr;  // as y, or null; may be y
};

// Every element is one sum in the order of x, whatever tile it is in.
void panel_kernel_avx2(const PanelTile& tile);

}  // namespace longtake::diffusion
