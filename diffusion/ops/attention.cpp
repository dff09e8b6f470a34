#include "diffusion/ops/attention.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace longtake::diffusion {
namespace {

AttentionProblem problem_of(const Tensor& q, const KvView& kv, Tensor& out,
                            std::span<const float> key_bias) {
    const DType rows = kv.dtype == DType::F8E4M3 ? DType::BF16 : kv.dtype;
    check(q.shape().rank() == 3 && out.shape() == q.shape() && q.dtype() == rows &&
              out.dtype() == rows,
          "attention: {} {} over {} into {} {}", name_of(q.dtype()), q.shape().str(),
          name_of(kv.dtype), name_of(out.dtype()), out.shape().str());
    check(0 < kv.slots && kv.slots <= kv.stride, "attention: {} of {} slots", kv.slots, kv.stride);
    check(key_bias.empty() || static_cast<int64_t>(key_bias.size()) == kv.slots,
          "attention: {} biases for {} keys", key_bias.size(), kv.slots);
    check(q.extent(2) <= 128 || q.device() == Device::Cpu, "attention: heads of {}", q.extent(2));
    check(kv.groups.empty() || (key_bias.empty() && kv.dtype != DType::F8E4M3),
          "attention: groups of heads in {}{}", name_of(kv.dtype),
          key_bias.empty() ? "" : " with biases");
    return {.q = q.raw(),
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
}

// What is left of a problem to one of its groups of heads.
AttentionProblem within(AttentionProblem problem, const HeadGroup& group) {
    check(0 <= group.begin && group.begin < group.end && group.end <= problem.slots,
          "attention: rows [{}, {}) of {}", group.begin, group.end, problem.slots);
    const int64_t skipped =
        group.begin * problem.head_dim * static_cast<int64_t>(size_of(problem.dtype));
    problem.keys = static_cast<const std::byte*>(problem.keys) + skipped;
    problem.values = static_cast<const std::byte*>(problem.values) + skipped;
    problem.slots = group.end - group.begin;
    problem.list = group.heads;
    return problem;
}

bool same_shapes(const AttentionProblem& a, const AttentionProblem& b) {
    return a.rows == b.rows && a.heads == b.heads && a.head_dim == b.head_dim &&
           a.dtype == b.dtype && a.list.count == b.list.count &&
           std::equal(a.list.numbers, a.list.numbers + a.list.count, b.list.numbers);
}

void compute(std::span<const AttentionProblem> problems, Device device, Workspace& workspace) {
    if (device == Device::Cpu) {
        for (const AttentionProblem& problem : problems) {
            attention_cpu(problem, workspace);
        }
        return;
    }
    while (!problems.empty()) {
        const auto other = std::ranges::find_if(
            problems, [&](const auto& p) { return !same_shapes(p, problems[0]); });
        const auto alike = static_cast<size_t>(other - problems.begin());
        attention_cuda(problems.first(alike), workspace);
        problems = problems.subspan(alike);
    }
}

}  // namespace

void attention(const Tensor& q, const KvView& kv, Tensor& out, Workspace& workspace,
               std::span<const float> key_bias) {
    attention_of_takes(q, {&kv, 1}, out, workspace, {&key_bias, 1});
}

void attention_of_takes(const Tensor& q, std::span<const KvView> takes, Tensor& out,
                        Workspace& workspace, std::span<const std::span<const float>> key_biases) {
    const size_t count = takes.size();
    check(0 < count && count <= kMostTakes && q.extent(0) % std::ssize(takes) == 0,
          "attention: {} takes of {} rows", count, q.extent(0));
    check(key_biases.empty() || key_biases.size() == count, "attention: {} biases for {} takes",
          key_biases.size(), count);
    check(out.device() == q.device() && workspace.device() == q.device(),
          "attention: tensors of two devices");
    if (q.extent(0) == 0) {
        return;
    }
    const int64_t rows = q.extent(0) / std::ssize(takes);
    std::array<AttentionProblem, kMostTakes> problems, some;
    size_t groups = 0;
    for (size_t i = 0; i < count; ++i) {
        const auto first = static_cast<int64_t>(i) * rows;
        Tensor to = out.slice(first, first + rows);
        problems[i] = problem_of(q.slice(first, first + rows), takes[i], to,
                                 key_biases.empty() ? std::span<const float>() : key_biases[i]);
        groups = std::max(groups, takes[i].groups.size());
    }
    if (groups == 0) {
        return compute(std::span(problems).first(count), q.device(), workspace);
    }
    for (size_t g = 0; g < groups; ++g) {
        size_t made = 0;
        for (size_t i = 0; i < count; ++i) {
            if (g < takes[i].groups.size()) {
                some[made++] = within(problems[i], takes[i].groups[g]);
            } else if (g == 0) {
                some[made++] = problems[i];
            }
        }
        compute(std::span(some).first(made), q.device(), workspace);
    }
}

}  // namespace longtake::diffusion
