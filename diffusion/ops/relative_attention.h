#pragma once

#include "core/tensor.h"
#include "diffusion/ops/workspace.h"

#include <cstdint>

namespace longtake::diffusion {

// T5's attention among the n tokens of a text: out = softmax(q k^T + bias) v per head, where the
// bias depends on how far key and query are apart, and nothing is scaled.
//   q, k, v [n, heads head_dim] fp32; out of the same shape, fp32 or bf16
//   bias [buckets, heads] fp32; bucket [2n - 1] int32: of the distances key - query = 1 - n .. n -
//   1
void relative_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& bias,
                        const Tensor& bucket, Tensor& out, Workspace& workspace);

// The same as plain pointers, for the back ends.
struct RelativeAttention {
    const float *q, *k, *v, *bias;
    const int32_t* bucket;
    int64_t n, heads, head_dim;
};
void relative_attention_cpu(const RelativeAttention& problem, Tensor& out, Workspace& workspace);
// Up to kMaxTextTokens tokens.
void relative_attention_cuda(const RelativeAttention& problem, Tensor& out, GpuStream stream);
constexpr int64_t kMaxTextTokens = 1024;

}  // namespace longtake::diffusion
