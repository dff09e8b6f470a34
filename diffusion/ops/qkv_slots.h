#pragma once

#include "core/tensor.h"
#include "diffusion/models/attention_memory.h"
#include "diffusion/ops/rope.h"

#include <span>

namespace longtake::diffusion {

// split_qkv and what memories make of its keys and values, in one go, to the same bits: from qkv
// [rows, 3 d] bf16 to q [rows, heads, head_dim], rotated in space and time, and to the slots of
// `targets`, among which the rows are shared equally. False when heads of this size, or so many
// targets, go the longer way.
bool qkv_to_slots_cuda(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight,
                       double eps, const RopeTable& table, Tensor& q,
                       std::span<const KvTarget> targets, GpuStream stream);

}  // namespace longtake::diffusion
