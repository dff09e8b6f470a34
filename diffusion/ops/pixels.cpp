#include "diffusion/ops/pixels.h"

#include "core/error.h"

namespace longtake::diffusion {
namespace {

void check_scale(const LatentScale& scale, int64_t channels) {
    check(scale.empty() || scale.mean.count() == channels, "pixels: {} means for {} channels",
          scale.mean.count(), channels);
}

Tensor on_device(const std::vector<float>& values, Device device) {
    return values.empty() ? Tensor()
                          : Tensor::from(values, {static_cast<int64_t>(values.size())}).to(device);
}

}  // namespace

LatentScale::LatentScale(const std::vector<float>& means, const std::vector<float>& stds,
                         Device device)
    : mean(on_device(means, device)), std(on_device(stds, device)) {
    check(means.size() == stds.size(), "{} means and {} deviations of latents", means.size(),
          stds.size());
}

void latent_to_pixels(const Tensor& latent, const LatentScale& scale, bool bounded, Tensor& x,
                      GpuStream stream) {
    const Shape wanted{1, x.extent(3), x.extent(1), x.extent(2)};
    check(latent.shape() == wanted && x.extent(0) == 1 && latent.device() == x.device(),
          "pixels: latent {} into {}", latent.shape().str(), x.shape().str());
    check_scale(scale, x.extent(3));
    x.device() == Device::Cpu ? latent_to_pixels_cpu(latent, scale, bounded, x)
                              : latent_to_pixels_cuda(latent, scale, bounded, x, stream);
}

void pixels_to_latent(const Tensor& z, const LatentScale& scale, Tensor& latent, GpuStream stream) {
    const Shape wanted{1, latent.extent(1), z.extent(1), z.extent(2)};
    check(latent.shape() == wanted && z.extent(0) == 1 && z.extent(3) >= latent.extent(1) &&
              latent.device() == z.device(),
          "pixels: {} into latent {}", z.shape().str(), latent.shape().str());
    check_scale(scale, latent.extent(1));
    z.device() == Device::Cpu ? pixels_to_latent_cpu(z, scale, latent)
                              : pixels_to_latent_cuda(z, scale, latent, stream);
}

void frames_to_pixels(const Tensor& frames, bool centred, Tensor& x, GpuStream stream) {
    check(
        frames.shape() == x.shape() && frames.dtype() == DType::U8 && frames.device() == x.device(),
        "pixels: frames {} {} into {}", name_of(frames.dtype()), frames.shape().str(),
        x.shape().str());
    x.device() == Device::Cpu ? frames_to_pixels_cpu(frames, centred, x)
                              : frames_to_pixels_cuda(frames, centred, x, stream);
}

void pixels_to_frames(const Tensor& x, bool centred, Tensor& frames, GpuStream stream) {
    const int64_t side = x.extent(3) == 3 ? 1 : 2;
    const Shape wanted{frames.extent(0), frames.extent(1) / side, frames.extent(2) / side,
                       3 * side * side};
    check(x.shape() == wanted && x.count() == frames.count() && x.dtype() == DType::F32 &&
              (frames.dtype() == DType::U8 || frames.dtype() == DType::F32) &&
              frames.device() == x.device(),
          "pixels: {} into frames {} {}", x.shape().str(), name_of(frames.dtype()),
          frames.shape().str());
    x.device() == Device::Cpu ? pixels_to_frames_cpu(x, centred, frames)
                              : pixels_to_frames_cuda(x, centred, frames, stream);
}

}  // namespace longtake::diffusion
