#pragma once

#include "core/tensor.h"

// `predict_clean` and `add_noise` of flow_match.h on tensors of either device, all fp32 and of the
// same count. The result may be one of the arguments.
namespace longtake::diffusion {

// clean = noisy - sigma flow
void predict_clean(const Tensor& noisy, const Tensor& flow, double sigma, Tensor& clean,
                   GpuStream stream = nullptr);
// noisy = (1 - sigma) clean + sigma noise
void add_noise(const Tensor& clean, const Tensor& noise, double sigma, Tensor& noisy,
               GpuStream stream = nullptr);

void predict_clean_cuda(const Tensor& noisy, const Tensor& flow, double sigma, Tensor& clean,
                        GpuStream stream);
void add_noise_cuda(const Tensor& clean, const Tensor& noise, double sigma, Tensor& noisy,
                    GpuStream stream);

}  // namespace longtake::diffusion
