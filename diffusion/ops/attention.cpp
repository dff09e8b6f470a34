#include "diffusion/ops/attention.h"

#include "core/error.h"

#include <cstddef>

namespace longtake::diffusion {

void attention(const Tensor& q, const KvView& kv, Tensor& out, Workspace& workspace,
               std::span<const float> key_bias) {
    const DType rows = kv.dtype == DType::F8E4M3 ? DType::BF16 : kv.dtype;
    check(q.shape().rank() == 3 && out.shape() == q.shape() && q.dtype() == rows &&
              out.dtype() == rows,
          "attention: {} {} over {} into {} {}", name_of(q.dtype()), q.shape().str(),
          name_of(kv.dtype), name_of(out.dtype()), out.shape().str());
    check(0 < kv.slots && kv.slots <= kv.stride, "attention: {} of {} slots", kv.slots, kv.stride);
    check(key_bias.empty() || static_cast<int64_t>(key_bias.size()) == kv.slots,
          "attention: {} biases for {} keys", key_bias.size(), kv.slots);
    check(out.device() == q.device() && workspace.device() == q.device(),
          "attention: tensors of two devices");
    check(q.extent(2) <= 128 || q.device() == Device::Cpu, "attention: heads of {}", q.extent(2));
    const AttentionProblem problem{.q = q.raw(),
                                   .keys = kv.keys,
                                   .values = kv.values,
                                   .out = out.raw(),
                                   .key_bias = key_bias.empty() ? nullptr : key_bias.data(),
                                   .rows = q.extent(0),
                                   .heads = q.extent(1),
                                   .head_dim = q.extent(2),
                                   .slots = kv.slots,
                                   .stride = kv.stride,
                                   .dtype = kv.dtype};
    if (problem.rows == 0) {
        return;
    }
    const auto compute = q.device() == Device::Cpu ? attention_cpu : attention_cuda;
    if (kv.groups.empty()) {
        return compute(problem, workspace);
    }
    check(key_bias.empty() && kv.dtype != DType::F8E4M3, "attention: groups of heads in {}{}",
          name_of(kv.dtype), key_bias.empty() ? "" : " with biases");
    for (const HeadGroup& group : kv.groups) {
        check(0 <= group.begin && group.begin < group.end && group.end <= kv.slots,
              "attention: rows [{}, {}) of {}", group.begin, group.end, kv.slots);
        AttentionProblem some = problem;
        const int64_t skipped = group.begin * q.extent(2) * static_cast<int64_t>(size_of(kv.dtype));
        some.keys = static_cast<const std::byte*>(kv.keys) + skipped;
        some.values = static_cast<const std::byte*>(kv.values) + skipped;
        some.slots = group.end - group.begin;
        some.list = group.heads;
        compute(some, workspace);
    }
}

}  // namespace longtake::diffusion
