#pragma once

#include "core/tensor.h"
#include "diffusion/models/attention_memory.h"
#include "generator/cache/plan.h"

#include <cstdint>

namespace longtake::generator {

// How much the patches of frames change: a frame is cut into `patches` runs of tokens.
struct FrameChange {
    int64_t tokens = 0;  // a frame's, a multiple of the patches
    int64_t patches = 0;
    diffusion::HeadList voters = {};  // whose keys are compared
};

// scores[i] = 1 - the mean, over the patch of slot i, of the cosine between a token's keys and
// those of the same token a frame later: all voters' keys in one row (Forcing-KV, arXiv
// 2605.09681). `slots` are rows of whole frames, and one more frame follows them.
//   keys [heads, stride, head_dim] of a view; scores [slots] fp32
void score_change(const diffusion::KvView& keys, Range slots, int64_t heads, int64_t head_dim,
                  const FrameChange& how, Tensor& scores, GpuStream stream = nullptr);
void score_change_cpu(const diffusion::KvView& keys, Range slots, int64_t heads, int64_t head_dim,
                      const FrameChange& how, Tensor& scores);
void score_change_cuda(const diffusion::KvView& keys, Range slots, int64_t heads, int64_t head_dim,
                       const FrameChange& how, Tensor& scores, GpuStream stream);

}  // namespace longtake::generator
