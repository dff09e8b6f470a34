#pragma once

#include "core/tensor.h"

#include <cstdint>

// Moves of elements that change no value, fp32 or bf16.
namespace longtake::diffusion {

// latents [F, C, h, w] fp32 -> patches [F * rows * columns, channels * ph * pw], a patch channel by
// channel; channels past C are zero. h = rows * ph, w = columns * pw.
void patchify(const Tensor& latents, int64_t ph, int64_t pw, Tensor& patches,
              GpuStream stream = nullptr);
// tokens [F * rows * columns, ph * pw * C] fp32, a token channel last -> flow [F, C, h, w] fp32.
void unpatchify(const Tensor& tokens, int64_t ph, int64_t pw, Tensor& flow,
                GpuStream stream = nullptr);
// out [rows, heads, head_dim]: the columns [column, column + heads * head_dim) of every row.
void copy_columns(const Tensor& from, int64_t column, Tensor& out, GpuStream stream = nullptr);
// rows [L, heads, d] -> the slots [first, first + L) of every head of [heads, capacity, d].
void scatter_heads(const Tensor& rows, Tensor& slots, int64_t first, GpuStream stream = nullptr);

void patchify_cpu(const Tensor& latents, int64_t ph, int64_t pw, Tensor& patches);
void unpatchify_cpu(const Tensor& tokens, int64_t ph, int64_t pw, Tensor& flow);
void copy_columns_cpu(const Tensor& from, int64_t column, Tensor& out);
void scatter_heads_cpu(const Tensor& rows, Tensor& slots, int64_t first);
void patchify_cuda(const Tensor& latents, int64_t ph, int64_t pw, Tensor& patches,
                   GpuStream stream);
void unpatchify_cuda(const Tensor& tokens, int64_t ph, int64_t pw, Tensor& flow, GpuStream stream);
void copy_columns_cuda(const Tensor& from, int64_t column, Tensor& out, GpuStream stream);
void scatter_heads_cuda(const Tensor& rows, Tensor& slots, int64_t first, GpuStream stream);

}  // namespace longtake::diffusion
