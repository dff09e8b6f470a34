#include "core/parallel.h"
#include "diffusion/ops/frame_attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace longtake::diffusion {
namespace {

// softmax(q k / sqrt(C)) v of one query over all pixels of its frame, qkv [pixels, 3 C].
void attend_one(const float* qkv, int64_t pixels, int64_t channels, int64_t query,
                std::vector<float>& weights, float* out) {
    const float* q = qkv + query * 3 * channels;
    const float scale = 1.F / std::sqrt(static_cast<float>(channels));
    float largest = -INFINITY, total = 0;
    for (int64_t j = 0; j < pixels; ++j) {
        const float* k = qkv + (j * 3 + 1) * channels;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t c = 0; c < channels; ++c) {
            sum += q[c] * k[c];
        }
        weights[j] = sum * scale;
        largest = std::max(largest, weights[j]);
    }
    for (float& weight : weights) {
        weight = std::exp(weight - largest);
        total += weight;
    }
    std::fill_n(out, channels, 0.F);
    for (int64_t j = 0; j < pixels; ++j) {
        const float* v = qkv + (j * 3 + 2) * channels;
        const float share = weights[j] / total;
        for (int64_t c = 0; c < channels; ++c) {
            out[c] += share * v[c];
        }
    }
}

}  // namespace

void frame_attention_cpu(const Tensor& qkv, Tensor& out) {
    const int64_t pixels = out.extent(1) * out.extent(2), channels = out.extent(3);
    parallel_for(out.extent(0) * pixels, [&](int64_t i) {
        std::vector<float> weights(static_cast<size_t>(pixels));
        attend_one(qkv.data<float>() + i / pixels * pixels * 3 * channels, pixels, channels,
                   i % pixels, weights, out.data<float>() + i * channels);
    });
}

}  // namespace longtake::diffusion
