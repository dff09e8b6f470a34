#pragma once

#include "core/tensor.h"
#include "diffusion/ops/rope.h"

namespace longtake::diffusion {

enum class Rotation : uint8_t { None, Space, SpaceAndTime };

// The norm of queries and keys: x / sqrt(mean(x^2) + eps) * weight over all heads together, then
// the rotation of every head.
//   x [rows, columns] fp32 or bf16, of which [column, column + d) are read, d = heads * head_dim
//   weight [d] fp32; out [rows, heads, head_dim] fp32 or bf16; row r is token r of `table`
void rms_norm(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
              Rotation rotation = Rotation::None, const RopeTable* table = nullptr,
              GpuStream stream = nullptr);

// Both norms of a self attention: qkv [rows, 3 d] holds queries, keys and values side by side. q
// comes rotated in space and time, k in space, v as it is; all [rows, heads, head_dim] of one type.
void split_qkv(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, double eps,
               const RopeTable& table, Tensor& q, Tensor& k, Tensor& v, GpuStream stream = nullptr);

void rms_norm_cpu(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
                  Rotation rotation, const RopeTable* table);
void rms_norm_cuda(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
                   Rotation rotation, const RopeTable* table, GpuStream stream);
void split_qkv_cpu(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, double eps,
                   const RopeTable& table, Tensor& q, Tensor& k, Tensor& v);
// False when it takes the parts one after another.
bool split_qkv_cuda(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, double eps,
                    const RopeTable& table, Tensor& q, Tensor& k, Tensor& v, GpuStream stream);

}  // namespace longtake::diffusion
