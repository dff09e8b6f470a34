#pragma once

#include "core/tensor.h"

#include <vector>

// What stands between the convolutions of an autoencoder and the world. Everything of a call lies
// on one device.
namespace longtake::diffusion {

// diffusion-space latent = (autoencoder's latent - mean) / std. [C] fp32, or empty where the
// autoencoder's latents are the diffusion's own.
struct LatentScale {
    LatentScale() = default;
    LatentScale(const std::vector<float>& means, const std::vector<float>& stds, Device device);
    bool empty() const { return mean.empty(); }

    Tensor mean, std;
};

// latent [1, C, h, w] fp32 in diffusion space -> x [1, h, w, C] fp32 or bf16; softly bounded to
// (-3, 3) where `bounded`.
void latent_to_pixels(const Tensor& latent, const LatentScale& scale, bool bounded, Tensor& x,
                      GpuStream stream = nullptr);

// The first C channels of z [1, h, w, >= C] fp32 -> latent [1, C, h, w] fp32 in diffusion space.
void pixels_to_latent(const Tensor& z, const LatentScale& scale, Tensor& latent,
                      GpuStream stream = nullptr);

// frames [T, H, W, 3] uint8 -> x of the same shape, fp32 or bf16: in [-1, 1] where `centred`, else
// in [0, 1].
void frames_to_pixels(const Tensor& frames, bool centred, Tensor& x, GpuStream stream = nullptr);

// x [T, H, W, 3] fp32, or the 2 x 2 x 3 values of every square of pixels [T, H / 2, W / 2, 12], in
// the range of frames_to_pixels -> frames [T, H, W, 3], clamped to [0, 1]: fp32, or rounded to
// uint8.
void pixels_to_frames(const Tensor& x, bool centred, Tensor& frames, GpuStream stream = nullptr);

void latent_to_pixels_cpu(const Tensor& latent, const LatentScale& scale, bool bounded, Tensor& x);
void pixels_to_latent_cpu(const Tensor& z, const LatentScale& scale, Tensor& latent);
void frames_to_pixels_cpu(const Tensor& frames, bool centred, Tensor& x);
void pixels_to_frames_cpu(const Tensor& x, bool centred, Tensor& frames);
void latent_to_pixels_cuda(const Tensor& latent, const LatentScale& scale, bool bounded, Tensor& x,
                           GpuStream stream);
void pixels_to_latent_cuda(const Tensor& z, const LatentScale& scale, Tensor& latent,
                           GpuStream stream);
void frames_to_pixels_cuda(const Tensor& frames, bool centred, Tensor& x, GpuStream stream);
void pixels_to_frames_cuda(const Tensor& x, bool centred, Tensor& frames, GpuStream stream);

}  // namespace longtake::diffusion
