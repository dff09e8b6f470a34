#pragma once

#include "core/tensor.h"

#include <string>

// Matrices in 8 bits: an e4m3 tensor NAME [rows, columns] with a fp32 tensor NAME_scale beside it,
// one number ([] or [1]) or one per row ([rows, 1]); the value is element times scale.
namespace longtake::diffusion {

std::string fp8_scale_name(const std::string& name);

// Whether a tensor of this name and shape is worth 8 bits: the matrices inside the blocks.
// Embeddings, norms, tables, convolutions and what stands outside the blocks keep their precision.
bool is_fp8_candidate(const std::string& name, const Shape& shape);

// [rows, 1] fp32: the largest magnitude of each row is to become the largest of e4m3's.
Tensor fp8_row_scales(const Tensor& matrix);
Tensor to_fp8(const Tensor& matrix, const Tensor& row_scales);
// fp32. Throws InputError when the scales are of another shape or type than said above.
Tensor from_fp8(const Tensor& elements, const Tensor& scales);

}  // namespace longtake::diffusion
