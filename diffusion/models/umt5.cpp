#include "diffusion/models/umt5.h"

#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/rms_norm.h"

#include <algorithm>
#include <cmath>

namespace longtake::diffusion {
namespace {

// [n, width] of the compute type, normalized over the width.
void normalize(const Tensor& x, const Tensor& weight, double eps, Tensor& out) {
    Tensor as_one_head = out.reshape({out.extent(0), 1, out.extent(1)});
    rms_norm(x, 0, weight, eps, as_one_head);
}

// gate *= up, stored as the compute type.
void multiply(const Tensor& gate, const Tensor& up, Tensor& out) {
    const float *a = gate.data<float>(), *b = up.data<float>();
    for (int64_t i = 0; i < out.count(); ++i) {
        if (out.dtype() == DType::BF16) {
            out.data<bf16>()[i] = bf16(a[i] * b[i]);
        } else {
            out.data<float>()[i] = a[i] * b[i];
        }
    }
}

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

}  // namespace

int64_t relative_position_bucket(int64_t distance, int64_t buckets, int64_t max_distance) {
    const int64_t half = buckets / 2, exact = half / 2, n = std::abs(distance);
    const int64_t sign = distance > 0 ? half : 0;
    if (n < exact) {
        return sign + n;
    }
    // In fp32, like the reference: at some distances the rounding decides.
    const float steps = std::log(static_cast<float>(n) / static_cast<float>(exact)) /
                        static_cast<float>(std::log(static_cast<double>(max_distance) /
                                                    static_cast<double>(exact))) *
                        static_cast<float>(half - exact);
    return sign + std::min(exact + static_cast<int64_t>(steps), half - 1);
}

void Umt5Encoder::attend(const Layer& layer, const Tensor& q, const Tensor& k, const Tensor& v,
                         Tensor& out) const {
    const int64_t n = q.extent(0), heads = config_.heads, d = config_.head_dim, row = heads * d;
    std::vector<int64_t> bucket(static_cast<size_t>(2 * n - 1));  // of distances 1 - n ... n - 1
    for (int64_t i = 0; i < 2 * n - 1; ++i) {
        bucket[i] = relative_position_bucket(i - n + 1, config_.buckets, config_.max_distance);
    }
    Tensor scores({heads, n, n}, DType::F32);
    Tensor sums({n, row}, DType::F32);
    parallel_for(heads * n, [&](int64_t task) {
        const int64_t head = task / n, query = task % n;
        const float* bias = layer.position_bias.data<float>() + head;
        const std::span<float> weight{scores.data<float>() + task * n, static_cast<size_t>(n)};
        const float* qs = q.data<float>() + query * row + head * d;
        for (int64_t key = 0; key < n; ++key) {  // unlike others, T5 does not scale by 1/sqrt(d)
            const float* ks = k.data<float>() + key * row + head * d;
            float sum = bias[bucket[key - query + n - 1] * heads];
#pragma omp simd reduction(+ : sum)
            for (int64_t i = 0; i < d; ++i) {
                sum += qs[i] * ks[i];
            }
            weight[key] = sum;
        }
        softmax(weight);
        float* result = sums.data<float>() + query * row + head * d;
        std::fill_n(result, d, 0.F);
        for (int64_t key = 0; key < n; ++key) {
            const float* vs = v.data<float>() + key * row + head * d;
            for (int64_t i = 0; i < d; ++i) {
                result[i] += weight[key] * vs[i];
            }
        }
    });
    out = sums.to(compute_);
}

Tensor Umt5Encoder::encode(std::span<const int32_t> tokens) const {
    const auto n = static_cast<int64_t>(tokens.size());
    const int64_t width = config_.width, inner = config_.heads * config_.head_dim;
    check(n > 0, "umt5: no tokens");
    Tensor x({n, width}, DType::F32);
    for (int64_t i = 0; i < n; ++i) {
        const int64_t token = tokens[i];
        check(token >= 0 && token < config_.vocabulary, "umt5: token {} of a vocabulary of {}",
              token, config_.vocabulary);
        const Tensor row = embedding_.slice(token, token + 1).to(DType::F32);
        std::copy_n(row.data<float>(), width, x.data<float>() + i * width);
    }
    Workspace workspace;
    Tensor normed({n, width}, compute_), hidden({n, config_.ffn_dim}, compute_), attended;
    Tensor q({n, inner}, DType::F32), k(q.shape(), DType::F32), v(q.shape(), DType::F32);
    Tensor gate({n, config_.ffn_dim}, DType::F32), up(gate.shape(), DType::F32);
    for (const Layer& layer : layers_) {
        normalize(x, layer.attention_norm, config_.eps, normed);
        layer.q(normed, q, workspace);
        layer.k(normed, k, workspace);
        layer.v(normed, v, workspace);
        attend(layer, q, k, v, attended);
        layer.o(attended, x, workspace, Epilogue::add());
        normalize(x, layer.ffn_norm, config_.eps, normed);
        layer.gate(normed, gate, workspace, Epilogue::gelu());
        layer.up(normed, up, workspace);
        multiply(gate, up, hidden);
        layer.down(hidden, x, workspace, Epilogue::add());
    }
    Tensor result({n, width}, DType::F32);
    normalize(x, final_norm_, config_.eps, result);
    return result;
}

}  // namespace longtake::diffusion
