#pragma once

#include "core/tensor.h"
#include "diffusion/models/wan_vae_stream.h"
#include "diffusion/ops/conv2d.h"
#include "diffusion/weights/weight_map.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

// The layers of the Wan autoencoder. Frames are [T, H, W, C] of the compute type; a layer may
// change T. Weights are immutable; what one stream remembers is in its WanVaeStream, and so are the
// results, which last as long as the innermost scope of its arena.
namespace longtake::diffusion {

// Where the parameters come from, and for what they are made.
struct WanVaeSource {
    const WeightMap& weights;
    DType compute;
    Device device;

    // `name`.gamma as [channels] fp32, on the CPU; in the file it has as many extents as `rank`.
    Tensor gain(const std::string& name, int64_t channels, size_t rank = 4) const;
    // `name`.weight [out, in, 1, ...] of so many extents, and `name`.bias.
    Conv2d pointwise(const std::string& name, int64_t in, int64_t out, size_t rank = 5,
                     bool fp32_result = false) const;
};

Tensor convolve(const Conv2d& conv, const Tensor& x, WanVaeStream& stream);

// A convolution over three frames, the newest of which is the one it makes. What comes before it
// leaves its result in `input`.
class WanVaeConv {
  public:
    WanVaeConv() = default;
    // Reads `name`.weight [out, in, 3, size, size] and `name`.bias; up to `most` frames at a time.
    WanVaeConv(const WanVaeSource& source, const std::string& name, int64_t in, int64_t out,
               int64_t most, ConvOptions options = {}, int64_t size = 3);

    Tensor input(int64_t frames, int64_t height, int64_t width, WanVaeStream& stream) const;
    // Of the `input` of this shape, which becomes the past.
    Tensor operator()(const Tensor& input, WanVaeStream& stream) const;
    void run(const Tensor& input, const Tensor* residual, Tensor& y, WanVaeStream& stream) const;

  private:
    static constexpr int64_t kPast = 2;
    FrameWindow& window(const Tensor& like, WanVaeStream& stream) const;

    int64_t most_ = 1;
    DType result_ = DType::F32;
    Conv2d conv_;
};

// y = conv2(silu(norm2(conv1(silu(norm1(x)))))) + shortcut(x)
class WanVaeResidual {
  public:
    WanVaeResidual(const WanVaeSource& source, const std::string& name, int64_t in, int64_t out,
                   int64_t most);
    Tensor operator()(const Tensor& x, WanVaeStream& stream) const;

  private:
    int64_t out_;
    Tensor norm1_;      // [in]
    WanVaeConv conv1_;  // and the second norm
    WanVaeConv conv2_;
    bool widens_;
    Conv2d shortcut_;
};

// Two residual blocks, and between them attention of one head within each frame.
class WanVaeMiddle {
  public:
    WanVaeMiddle(const WanVaeSource& source, const std::string& name, int64_t channels);
    Tensor operator()(const Tensor& x, WanVaeStream& stream) const;

  private:
    Tensor attend(const Tensor& x, WanVaeStream& stream) const;

    std::vector<WanVaeResidual> residuals_;
    Tensor norm_;
    Conv2d qkv_, out_;  // `out_` adds x
};

// Twice the height and width, half the channels; with `time` also twice the frames, except of
// latent 0, which the convolution over time neither sees nor remembers.
class WanVaeUp {
  public:
    WanVaeUp(const WanVaeSource& source, const std::string& name, int64_t channels, bool time,
             int64_t most);
    Tensor operator()(const Tensor& x, WanVaeStream& stream) const;

  private:
    void enlarge(const Tensor& x, Tensor& y, WanVaeStream& stream) const;

    int64_t channels_;
    bool time_;
    WanVaeConv time_conv_;  // the halves of its channels are frames one after the other
    // On the CPU of the frame made twice as large, on the GPU one for each corner of the 2x2 pixels
    // that a pixel becomes.
    std::vector<Conv2d> convs_;
};

// Half the height and width; with `time` also half the frames, of latent 0 its only one.
class WanVaeDown {
  public:
    WanVaeDown(const WanVaeSource& source, const std::string& name, int64_t channels, bool time,
               int64_t most);
    Tensor operator()(const Tensor& x, WanVaeStream& stream) const;

  private:
    bool time_;
    int64_t most_;
    Conv2d conv_, time_conv_;
};

}  // namespace longtake::diffusion
