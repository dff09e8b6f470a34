#pragma once

#include "core/tensor.h"

#include <cstdint>

namespace longtake::generator {

// How a token is scored by how wrong the model's first guess of it was. What a denoiser makes of
// pure noise is what it expects after all it remembers; how far the clean latents are from it, the
// memory did not say. Under a Gaussian that error is the negative log-likelihood which SirLLM calls
// a token's entropy (arXiv 2405.12528), and the prediction error of Cambrian-S (arXiv 2511.04670).
struct GuessError {
    int64_t tokens = 0;  // a frame's
    int64_t height = 0;  // latent rows and columns of a token
    int64_t width = 0;
    bool whole_frames = false;  // every token of a frame gets the frame's
    float bonus = 0;            // added to all
};

// scores[i] = ln(mean squared difference of token i) + bonus, at least ln(1e-12) + bonus.
//   guess, clean [F, C, h, w] fp32; scores [F * tokens] fp32
void score_guess(const Tensor& guess, const Tensor& clean, const GuessError& how, Tensor& scores,
                 GpuStream stream = nullptr);
void score_guess_cpu(const Tensor& guess, const Tensor& clean, const GuessError& how,
                     Tensor& scores);
void score_guess_cuda(const Tensor& guess, const Tensor& clean, const GuessError& how,
                      Tensor& scores, GpuStream stream);

}  // namespace longtake::generator
