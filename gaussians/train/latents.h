#pragma once

#include "core/tensor.h"

#include <cstdint>

namespace longtake::gaussians {

// A column of Gaussians as QUEEN learns it (Girish et al. 2024): round(latents) matrix + shift,
// with few latents per Gaussian that cost few bits. Rounding passes gradients on as if it were not
// there. fp32, all on one device.
struct Latents {
    Tensor values;  // [N, L], as they are learnt: not rounded
    Tensor matrix;  // [L, F]
    Tensor shift;   // [F]

    // Latents and shift 0, the matrix normal deviates of `deviation` that are a function of the
    // seed. Throws Error for more latents or features than there can be, or none.
    static Latents start(int64_t count, int64_t latents, int64_t features, double deviation,
                         Device device, uint64_t seed);
};
constexpr int kMostLatents = 12, kMostFeatures = 45;

// What the latents are applied to, [N, F] in any shape and [N]; empty tensors stand for zeros and
// ones. Latents are multiplied by their Gaussian's gate before they are rounded.
struct LatentContext {
    Tensor before = {};
    Tensor gates = {};
};

// Writes before + round(gates values) matrix + shift to `column`, [N, F] in any shape.
void decode_latents(const Latents& latents, const LatentContext& context, Tensor& column,
                    GpuStream stream = nullptr);
// The gradient by the three from that by the column, into tensors of their shapes; that by the
// gates, where there are any, is added to `by_gates` [N].
void decode_latents_backward(const Latents& latents, const LatentContext& context,
                             const Tensor& by_column, Latents& out, Tensor* by_gates = nullptr,
                             GpuStream stream = nullptr);

// In plain memory; N > 0.
struct LatentRows {
    int64_t count;
    int latents, features;
    const float *values, *matrix, *shift;
    const float *before, *gates;  // or nullptr
};
void decode_latents_cpu(const LatentRows& rows, float* column);
void decode_latents_cuda(const LatentRows& rows, float* column, GpuStream stream);
struct LatentGradient {
    const float* by_column;                   // [N, F]
    float *by_values, *by_matrix, *by_shift;  // out, the latter two zeros before
    float* by_gates;                          // added to; used with gates only
};
void decode_latents_backward_cpu(const LatentRows& rows, const LatentGradient& gradient);
void decode_latents_backward_cuda(const LatentRows& rows, const LatentGradient& gradient,
                                  GpuStream stream);

}  // namespace longtake::gaussians
