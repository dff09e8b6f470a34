#pragma once

#include "core/tensor.h"
#include "diffusion/ops/conv2d.h"
#include "diffusion/weights/weight_map.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

// The layers of the Wan autoencoder. Frames are [T, H, W, C] fp32 from end to end; a layer may
// change T. Weights are immutable; what one stream remembers is in its WanVaeStream.
namespace longtake::diffusion {

// One clip on its way through a decoder or encoder: the past frames of every layer that has a past,
// in the order in which the layers come. Belongs to a session, is for one decoder or encoder, which
// must outlive it, and for frames of one size.
class WanVaeStream {
  public:
    struct Snapshot {
        int64_t latents;
        std::vector<Tensor> pasts;
    };

    void reset();
    int64_t latents() const { return latents_; }  // done so far
    Snapshot snapshot() const;
    void restore(const Snapshot& snapshot);

  private:
    friend class WanVaeDecoder;
    friend class WanVaeEncoder;
    friend class WanVaeConv;
    friend class WanVaeUp;
    friend class WanVaeDown;
    friend Tensor convolve(const Conv2d& conv, const Tensor& x, WanVaeStream& stream,
                           const Tensor* residual);

    // The next layer's past, frames like these; zeros at the start.
    Tensor& past(int64_t frames, const Tensor& like);
    void next_latent();

    int64_t latents_ = 0;
    size_t layer_ = 0;
    std::vector<Tensor> pasts_;
    std::map<std::tuple<const Conv2d*, int64_t, int64_t, int64_t>, std::unique_ptr<Conv2d::Plan>>
        plans_;
    Workspace workspace_;
};

Tensor convolve(const Conv2d& conv, const Tensor& x, WanVaeStream& stream,
                const Tensor* residual = nullptr);

// A convolution over three frames, the newest of which is the one it makes.
class WanVaeConv {
  public:
    WanVaeConv() = default;
    // Reads `name`.weight [out, in, 3, 3, 3] or [out, in, 3, 1, 1] and `name`.bias.
    WanVaeConv(const WeightMap& weights, const std::string& name, int64_t in, int64_t out,
               int64_t size = 3, bool residual = false);
    Tensor operator()(const Tensor& x, WanVaeStream& stream,
                      const Tensor* residual = nullptr) const;

  private:
    Conv2d conv_;
};

// y = conv2(silu(norm2(conv1(silu(norm1(x)))))) + shortcut(x)
class WanVaeResidual {
  public:
    WanVaeResidual(const WeightMap& weights, const std::string& name, int64_t in, int64_t out);
    Tensor operator()(const Tensor& x, WanVaeStream& stream) const;

  private:
    Tensor norm1_, norm2_;  // [C]
    WanVaeConv conv1_, conv2_;
    bool widens_;
    Conv2d shortcut_;
};

// Two residual blocks, and between them attention of one head within each frame.
class WanVaeMiddle {
  public:
    WanVaeMiddle(const WeightMap& weights, const std::string& name, int64_t channels);
    Tensor operator()(const Tensor& x, WanVaeStream& stream) const;

  private:
    Tensor attend(const Tensor& x, WanVaeStream& stream) const;

    std::vector<WanVaeResidual> residuals_;
    Tensor norm_;
    Conv2d qkv_, out_;
};

// Twice the height and width, half the channels; with `time` also twice the frames, except of
// latent 0, which the convolution over time neither sees nor remembers.
class WanVaeUp {
  public:
    WanVaeUp(const WeightMap& weights, const std::string& name, int64_t channels, bool time);
    Tensor operator()(const Tensor& x, WanVaeStream& stream) const;

  private:
    bool time_;
    WanVaeConv time_conv_;
    Conv2d conv_;
};

// Half the height and width; with `time` also half the frames, of latent 0 its only one.
class WanVaeDown {
  public:
    WanVaeDown(const WeightMap& weights, const std::string& name, int64_t channels, bool time);
    Tensor operator()(const Tensor& x, WanVaeStream& stream) const;

  private:
    bool time_;
    Conv2d conv_, time_conv_;
};

// `name`.gamma as [channels] fp32; in the file it has as many extents as `rank`.
Tensor wan_vae_gain(const WeightMap& weights, const std::string& name, int64_t channels,
                    size_t rank = 4);
// x / |x| sqrt(C) gain over the channels of each pixel, then SiLU.
Tensor norm_silu(const Tensor& x, const Tensor& gain, bool silu = true);
Conv2d pointwise(const WeightMap& weights, const std::string& name, int64_t in, int64_t out,
                 size_t rank = 5);

}  // namespace longtake::diffusion
