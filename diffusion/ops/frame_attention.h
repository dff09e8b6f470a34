#pragma once

#include "core/tensor.h"
#include "diffusion/ops/workspace.h"

namespace longtake::diffusion {

// Attention of one head among the pixels of each frame, softmax(q k / sqrt(C)) v.
//   qkv [T, H, W, 3 C], out [T, H, W, C], fp32 on the CPU, fp32 or bf16 on the GPU
void frame_attention(const Tensor& qkv, Tensor& out, Workspace& workspace);

void frame_attention_cpu(const Tensor& qkv, Tensor& out);
void frame_attention_cuda(const Tensor& qkv, Tensor& out, Workspace& workspace);

}  // namespace longtake::diffusion
