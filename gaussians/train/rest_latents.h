#pragma once

#include "core/tensor.h"

#include <cstdint>

namespace longtake::gaussians {

// The harmonics beyond the first as QUEEN keeps them from the first frame on (Girish et al. 2024):
// round(latents) matrix + shift, with few latents per Gaussian that cost few bits. Rounding passes
// gradients on as if it were not there. fp32, on the device of the cloud.
struct RestLatents {
    Tensor values;  // [N, L], as they are learnt: not rounded
    Tensor matrix;  // [L, F], F = 3 sh_rest_count(degree)
    Tensor shift;   // [F]

    // Latents and shift 0, the matrix normal deviates of 0.1 that are a function of the seed.
    static RestLatents start(int64_t count, int64_t latents, int sh_degree, Device device,
                             uint64_t seed);
};

// Writes sh_rest [N, F / 3, 3].
void decode_rest(const RestLatents& latents, Tensor& sh_rest, GpuStream stream = nullptr);
// The gradient by the three from that by sh_rest, into tensors of their shapes.
void decode_rest_backward(const RestLatents& latents, const Tensor& by_rest, RestLatents& out,
                          GpuStream stream = nullptr);

// In plain memory; N > 0.
struct RestRows {
    int64_t count;
    int latents, features;
    const float *values, *matrix, *shift;
};
constexpr int kMostLatents = 12, kMostFeatures = 45;
void decode_rest_cpu(const RestRows& rows, float* sh_rest);
void decode_rest_cuda(const RestRows& rows, float* sh_rest, GpuStream stream);
struct RestGradient {
    const float* by_rest;                     // [N, F]
    float *by_values, *by_matrix, *by_shift;  // out, the latter two zeros before
};
void decode_rest_backward_cpu(const RestRows& rows, const RestGradient& gradient);
void decode_rest_backward_cuda(const RestRows& rows, const RestGradient& gradient,
                               GpuStream stream);

}  // namespace longtake::gaussians
