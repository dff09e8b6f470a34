#pragma once

#include "core/tensor.h"
#include "diffusion/models/wan_vae_layers.h"
#include "diffusion/ops/pixels.h"
#include "diffusion/weights/weight_map.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

// The full autoencoder of Wan2.1 (diffusers' AutoencoderKLWan): frames [T, 8 h, 8 w, 3] <-> latents
// [F, C, h, w]. Latent 0 of a stream is frame 0, latent n > 0 is frames 4 n - 3 ... 4 n. A stream
// runs one latent at a time, so that it does not matter, to the last bit, how it is cut into calls.
// Frames and latents lie on the device of the model; work on a GPU is queued on the stream's queue.
namespace longtake::diffusion {

struct WanVaeConfig {
    int64_t base = 96;  // channels of the finest level; the others have 2, 4 and 4 times as many
    int64_t latent_channels = 16;
    // diffusion-space latent = (autoencoder's latent - mean) / std; [latent_channels]
    std::vector<float> latents_mean{-0.7571F, -0.7089F, -0.9113F, 0.1075F,  -0.1745F, 0.9653F,
                                    -0.1517F, 1.5508F,  0.4134F,  -0.0715F, 0.5517F,  -0.3632F,
                                    -0.1922F, -0.9497F, 0.2503F,  -0.2921F};
    std::vector<float> latents_std{2.8184F, 1.4541F, 2.3275F, 2.6558F, 1.2196F, 1.7708F,
                                   2.6052F, 2.0743F, 3.2687F, 2.1526F, 2.8652F, 1.5579F,
                                   1.6382F, 1.1253F, 2.8251F, 1.9160F};

    // Of a checkpoint: widths from the shapes of its tensors, then its config.json, where there is
    // one. Throws InputError, naming file and key, for another autoencoder.
    static WanVaeConfig of(const WeightMap& weights, const std::filesystem::path& config);
};

// Immutable; streams share it. Computes in fp32, on a GPU also in bf16.
class WanVaeDecoder {
  public:
    WanVaeDecoder(const WanVaeConfig& config, const WeightMap& weights, DType compute = DType::F32,
                  Device device = Device::Cpu);

    // latents [F, C, h, w] fp32 in diffusion space -> frames [stream.frames(F), 8 h, 8 w, 3],
    // uint8, or fp32 in [0, 1].
    void decode(const Tensor& latents, WanVaeStream& stream, Tensor& frames) const;

    const WanVaeConfig& config() const { return config_; }

  private:
    WanVaeDecoder(const WanVaeConfig& config, const WanVaeSource& source);
    void decode_one(const Tensor& latent, WanVaeStream& stream, Tensor& frames) const;
    // The two finest levels, of the frames that a layer sees at a time.
    void finish(const Tensor& x, WanVaeStream& stream, Tensor& frames) const;

    WanVaeConfig config_;
    LatentScale scale_;
    Conv2d unpack_;  // of the latent, before the network
    WanVaeConv first_, last_;
    WanVaeMiddle middle_;
    std::vector<WanVaeResidual> residuals_;  // three per level
    std::vector<WanVaeUp> ups_;
    Tensor norm_;
};

// Immutable; streams share it. Computes in fp32, on a GPU also in bf16.
class WanVaeEncoder {
  public:
    WanVaeEncoder(const WanVaeConfig& config, const WeightMap& weights, DType compute = DType::F32,
                  Device device = Device::Cpu);

    // frames [T, H, W, 3] uint8 -> the means [F, C, H / 8, W / 8] fp32 in diffusion space, made
    // when they are empty; T is 4 F, at the start of a stream 4 F - 3. Done when it returns.
    void encode(const Tensor& frames, WanVaeStream& stream, Tensor& latents) const;
    Tensor encode(const Tensor& frames, WanVaeStream& stream) const {
        Tensor latents;
        encode(frames, stream, latents);
        return latents;
    }

    const WanVaeConfig& config() const { return config_; }

  private:
    WanVaeEncoder(const WanVaeConfig& config, const WanVaeSource& source);
    WanVaeConfig config_;
    LatentScale scale_;
    WanVaeConv first_, last_;
    std::vector<WanVaeResidual> residuals_;  // two per level
    std::vector<WanVaeDown> downs_;
    WanVaeMiddle middle_;
    Tensor norm_;
    Conv2d pack_;  // of the latent, after the network
};

}  // namespace longtake::diffusion
