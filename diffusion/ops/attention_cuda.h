#pragma once

#include "diffusion/ops/attention.h"

namespace longtake::diffusion {

// On Hopper's matrix unit, heads of 128 without biases: bf16 keys and values, from 128 keys on and
// aligned as below, or fp8 ones.
void attention_cuda_hopper(const AttentionProblem& problem, Workspace& workspace);
bool attention_cuda_hopper_fits(const AttentionProblem& problem);
// bf16 on the tensor cores; heads of a multiple of 8, up to 128, all addresses aligned to 16 bytes.
// Problems as in `attention_cuda`.
void attention_cuda_flash(std::span<const AttentionProblem> problems, Workspace& workspace);
// fp32 arithmetic, fp32 or bf16 elements, any head up to 128.
void attention_cuda_plain(const AttentionProblem& problem, GpuStream stream);

}  // namespace longtake::diffusion
