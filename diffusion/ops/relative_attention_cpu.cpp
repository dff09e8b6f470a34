#include "core/parallel.h"
#include "diffusion/ops/relative_attention.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace longtake::diffusion {
namespace {

void softmax(std::span<float> scores) {
    const float largest = *std::ranges::max_element(scores);
    float sum = 0;
    for (float& s : scores) {
        s = std::exp(s - largest);
        sum += s;
    }
    for (float& s : scores) {
        s /= sum;
    }
}

template <typename T> void run(const RelativeAttention& p, T* out, Workspace& workspace) {
    const int64_t n = p.n, d = p.head_dim, row = p.heads * d;
    auto* scores = static_cast<float*>(
        workspace.scratch(static_cast<size_t>(thread_count() * (n + d)) * sizeof(float)));
    parallel_for(p.heads * n, [=](int64_t task) {
        const int64_t head = task / n, query = task % n;
        const std::span weights(scores + omp_get_thread_num() * (n + d), static_cast<size_t>(n));
        const float* q = p.q + query * row + head * d;
        for (int64_t key = 0; key < n; ++key) {
            const float* k = p.k + key * row + head * d;
            float sum = p.bias[p.bucket[key - query + n - 1] * p.heads + head];
#pragma omp simd reduction(+ : sum)
            for (int64_t i = 0; i < d; ++i) {
                sum += q[i] * k[i];
            }
            weights[static_cast<size_t>(key)] = sum;
        }
        softmax(weights);
        float* sums = weights.data() + n;
        std::fill_n(sums, d, 0.F);
        for (int64_t key = 0; key < n; ++key) {
            const float* v = p.v + key * row + head * d;
            for (int64_t i = 0; i < d; ++i) {
                sums[i] += weights[static_cast<size_t>(key)] * v[i];
            }
        }
        for (int64_t i = 0; i < d; ++i) {
            out[query * row + head * d + i] = T(sums[i]);
        }
    });
}

}  // namespace

void relative_attention_cpu(const RelativeAttention& problem, Tensor& out, Workspace& workspace) {
    out.dtype() == DType::BF16 ? run(problem, out.data<bf16>(), workspace)
                               : run(problem, out.data<float>(), workspace);
}

}  // namespace longtake::diffusion
