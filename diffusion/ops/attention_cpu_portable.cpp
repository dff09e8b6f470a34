#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/attention.h"

#include <algorithm>
#include <cmath>

namespace longtake::diffusion {
namespace {

constexpr int64_t kMaxHeadDim = 128;

// One query row of one head: logits first, so that the largest is known, then the weighted sum.
template <typename T>
void attend(const T* q, const T* keys, const T* values, const AttentionProblem& p, float* logits,
            T* out) {
    const float scale = 1.F / std::sqrt(static_cast<float>(p.head_dim));
    float largest = -INFINITY;
    for (int64_t s = 0; s < p.slots; ++s) {
        const T* key = keys + s * p.head_dim;
        float dot = 0;
#pragma omp simd reduction(+ : dot)
        for (int64_t i = 0; i < p.head_dim; ++i) {
            dot += static_cast<float>(q[i]) * static_cast<float>(key[i]);
        }
        logits[s] = dot * scale + (p.key_bias == nullptr ? 0.F : p.key_bias[s]);
        largest = std::max(largest, logits[s]);
    }
    float sums[kMaxHeadDim] = {};
    float total = 0;
    for (int64_t s = 0; s < p.slots; ++s) {
        const float weight = std::exp(logits[s] - largest);
        const T* value = values + s * p.head_dim;
        total += weight;
#pragma omp simd
        for (int64_t i = 0; i < p.head_dim; ++i) {
            sums[i] += weight * static_cast<float>(value[i]);
        }
    }
    for (int64_t i = 0; i < p.head_dim; ++i) {
        out[i] = T(sums[i] / total);
    }
}

template <typename T> void run(const AttentionProblem& p, Workspace& workspace) {
    auto* logits = static_cast<float*>(
        workspace.scratch(sizeof(float) * static_cast<size_t>(p.slots * thread_count())));
    parallel_for(p.listed() * p.rows, [=](int64_t item) {
        const int64_t head = p.list[static_cast<int>(item / p.rows)],
                      at = (item % p.rows * p.heads + head) * p.head_dim;
        const int64_t cache = head * p.stride * p.head_dim;
        attend(static_cast<const T*>(p.q) + at, static_cast<const T*>(p.keys) + cache,
               static_cast<const T*>(p.values) + cache, p, logits + omp_get_thread_num() * p.slots,
               static_cast<T*>(p.out) + at);
    });
}

}  // namespace

void attention_cpu_portable(const AttentionProblem& p, Workspace& workspace) {
    check(p.head_dim <= kMaxHeadDim, "attention: head_dim {} is above {}", p.head_dim, kMaxHeadDim);
    switch (p.dtype) {
        case DType::F32: return run<float>(p, workspace);
        case DType::BF16: return run<bf16>(p, workspace);
        default: fail("attention: no keys in {}", name_of(p.dtype));
    }
}

}  // namespace longtake::diffusion
