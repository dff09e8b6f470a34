#pragma once

#include "core/start.h"
#include "core/tensor.h"
#include "diffusion/models/attention_memory.h"
#include "diffusion/ops/workspace.h"

#include <cstdint>
#include <span>

namespace longtake::diffusion {

// out = softmax(q k^T / sqrt(head_dim) + key_bias) v, per head, over the rows the view offers it.
// No score ever reaches main memory.
//   q, out [L, heads, head_dim] of the view's element type, bf16 over fp8 slots; head_dim <= 128
//   key_bias: empty, or one logit per key, shared by all heads (ln n makes one row count as n), in
//   memory of the same device; not with groups of heads
// The result of a row depends on neither the other rows nor the number of threads; on a GPU its
// last bits depend on how many rows there are.
void attention(const Tensor& q, const KvView& kv, Tensor& out, Workspace& workspace,
               std::span<const float> key_bias = {});

// The same for takes that are made together: the rows of `q` and `out` are shared equally among the
// views, in their order. `key_biases`: none, or one for each.
void attention_of_takes(const Tensor& q, std::span<const KvView> takes, Tensor& out,
                        Workspace& workspace,
                        std::span<const std::span<const float>> key_biases = {});

// Keys and values in fp8 (E4M3, not scaled: it has the range), for heads of 128 on Hopper.
struct Fp8Slots {
    void* keys;      // [heads, stride, head_dim]
    void* values;    // [heads, head_dim, stride]: the transpose, the slots of every 16 in the order
                     // 0 1 8 9 2 3 10 11 4 5 12 13 6 7 14 15
    int64_t stride;  // a multiple of 32
};
// What becomes of bf16 slots in fp8, besides their rounding.
struct Fp8Change {
    // The slots [begin, kept.slots) are quantized, and some before; zeros follow them.
    KvView kept;
    int64_t begin = 0;
    // [stride] each, or null: where a slot stands in time, by which its key is turned; where it
    // stood last, or NaN if it holds something else since: slots that still do are left alone, and
    // the values of those that hold the same, 32 neighbours at a time.
    const float* positions = nullptr;
    const float* turned_to = nullptr;
    // [L, heads, head_dim], or null: what the last L slots hold from now on, `kept` too.
    const void* fresh_keys = nullptr;
    const void* fresh_values = nullptr;
    int64_t fresh = 0;           // L
    Start start = Start::After;  // early: waits for nothing, and ends after the step queued last
};
void attention_quantize_cuda(const Fp8Change& change, int64_t heads, const Fp8Slots& to,
                             GpuStream stream);

// The same as plain pointers, for the back ends.
struct AttentionProblem {
    const void* q;
    const void* keys;
    const void* values;
    void* out;
    const float* key_bias;  // or null
    int64_t rows, heads, head_dim, slots, stride;
    DType dtype;
    HeadList list = {};  // the heads to compute; the others' rows of `out` stay as they are

    int64_t listed() const { return list.size(heads); }
};
struct AttentionKernel;
// Problems that differ in their pointers, slots and strides alone: at once where there is a kernel
// for it, up to kMostTakes of them.
void attention_cuda(std::span<const AttentionProblem> problems, Workspace& workspace);
void attention_cpu(const AttentionProblem& problem, Workspace& workspace);
// With one of attention_kernels(problem.dtype), whose dim_multiple head_dim is.
void attention_cpu_with(const AttentionKernel& kernel, const AttentionProblem& problem,
                        Workspace& workspace);
// Plain loops, for any machine and shape: what the fast paths are tested against.
void attention_cpu_portable(const AttentionProblem& problem, Workspace& workspace);

}  // namespace longtake::diffusion
