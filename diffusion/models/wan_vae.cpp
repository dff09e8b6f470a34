#include "diffusion/models/wan_vae.h"

#include "core/error.h"
#include "diffusion/models/config_reader.h"
#include "diffusion/models/latent_grid.h"
#include "diffusion/ops/norm_silu.h"
#include "diffusion/ops/pixels.h"

#include <fmt/format.h>

#include <algorithm>

namespace longtake::diffusion {
namespace {

constexpr std::array<int64_t, 4> kWidths{1, 2, 4, 4};   // times the base, finest level first
constexpr size_t kUpResiduals = 3, kDownResiduals = 2;  // per level
// Frames at a time, per level in the order of the network. The decoder's finest levels take the
// four of a latent one by one: most of the memory is what their convolutions see.
constexpr std::array<int64_t, 4> kUpFrames{1, 2, 1, 1}, kDownFrames{4, 4, 2, 1};
constexpr size_t kCoarseLevels = 2;  // of the decoder

// How many latents so many frames are, after `done`; none when they do not divide.
int64_t latents_of(int64_t frames, int64_t done) {
    const int64_t whole = frames + (done == 0 ? kLatentFrames - 1 : 0);
    return frames > 0 && whole % kLatentFrames == 0 ? whole / kLatentFrames : 0;
}

}  // namespace

WanVaeConfig WanVaeConfig::of(const WeightMap& weights, const std::filesystem::path& config) {
    const auto channels = [&](const char* name) {
        const Shape shape = weights.info(name).shape;
        check_input(shape.rank() == 5, "{}: {} has shape {}, which is no Wan autoencoder's",
                    weights.path().string(), name, shape.str());
        return shape[0];
    };
    WanVaeConfig c;
    c.base = channels("encoder.conv_in.weight");
    c.latent_channels = channels("post_quant_conv.weight");
    if (!config.empty()) {
        const ConfigReader reader(config);
        reader.require("_class_name", "AutoencoderKLWan");
        reader.require("dim_mult", {1, 2, 4, 4});
        reader.require("num_res_blocks", 2);
        reader.require("temperal_downsample", {false, true, true});
        reader.require("is_residual", false);
        reader.require("patch_size", nullptr);
        reader.read("latents_mean", c.latents_mean);
        reader.read("latents_std", c.latents_std);
    }
    const auto wanted = static_cast<size_t>(c.latent_channels);
    check_input(c.latents_mean.size() == wanted && c.latents_std.size() == wanted &&
                    std::ranges::all_of(c.latents_std, [](float s) { return s > 0; }),
                "{}: latents_mean and latents_std must both have {} values",
                (config.empty() ? weights.path() : config).string(), wanted);
    return c;
}

WanVaeDecoder::WanVaeDecoder(const WanVaeConfig& config, const WeightMap& weights, DType compute,
                             Device device)
    : WanVaeDecoder(config, WanVaeSource{weights, compute, device}) {}

WanVaeDecoder::WanVaeDecoder(const WanVaeConfig& config, const WanVaeSource& source)
    : config_(config),
      scale_(config.latents_mean, config.latents_std, source.device),
      unpack_(source.pointwise("post_quant_conv", config.latent_channels, config.latent_channels)),
      first_(source, "decoder.conv_in", config.latent_channels, config.base * kWidths.back(), 1),
      last_(source, "decoder.conv_out", config.base, 3, kUpFrames.back(), {.fp32_result = true}),
      middle_(source, "decoder.mid_block", config.base * kWidths.back()),
      norm_(source.gain("decoder.norm_out", config.base).to(source.device)) {
    int64_t in = config.base * kWidths.back();
    for (size_t level = 0; level < kWidths.size(); ++level) {
        const std::string name = fmt::format("decoder.up_blocks.{}.", level);
        const int64_t width = config.base * kWidths[kWidths.size() - 1 - level];
        for (size_t i = 0; i < kUpResiduals; ++i) {
            residuals_.emplace_back(source, name + fmt::format("resnets.{}", i),
                                    i == 0 ? in : width, width, kUpFrames[level]);
        }
        if (level + 1 < kWidths.size()) {
            ups_.emplace_back(source, name + "upsamplers.0", width, level < 2, kUpFrames[level]);
            in = width / 2;
        }
    }
}

void WanVaeDecoder::decode(const Tensor& latents, WanVaeStream& stream, Tensor& frames) const {
    check(latents.shape().rank() == 4 && latents.extent(1) == config_.latent_channels &&
              latents.dtype() == DType::F32,
          "wan vae: latents {} of {} channels", latents.shape().str(), config_.latent_channels);
    const Shape wanted{stream.frames(latents.extent(0)), kLatentScale * latents.extent(2),
                       kLatentScale * latents.extent(3), 3};
    check(frames.shape() == wanted, "wan vae: frames {} for {}", frames.shape().str(),
          wanted.str());
    int64_t at = 0;
    for (int64_t n = 0; n < latents.extent(0); ++n) {
        const int64_t made = stream.frames(1);
        Tensor part = frames.slice(at, at + made);
        decode_one(latents.slice(n, n + 1), stream, part);
        stream.next_latent();
        at += made;
    }
}

void WanVaeDecoder::decode_one(const Tensor& latent, WanVaeStream& stream, Tensor& frames) const {
    const Arena::Scope scope(stream.arena());
    const int64_t h = latent.extent(2), w = latent.extent(3);
    Tensor z = stream.make({1, h, w, config_.latent_channels});
    latent_to_pixels(latent, scale_, false, z, stream.queue());
    Tensor input = first_.input(1, h, w, stream);
    stream.plan(unpack_, 1, h, w)(z, input, stream.workspace());
    Tensor x = middle_(first_(input, stream), stream);
    for (size_t level = 0; level < kCoarseLevels; ++level) {
        for (size_t i = 0; i < kUpResiduals; ++i) {
            x = residuals_[level * kUpResiduals + i](x, stream);
        }
        x = ups_[level](x, stream);
    }
    for (int64_t t = 0; t < frames.extent(0); t += kUpFrames.back()) {
        const int64_t end = std::min(t + kUpFrames.back(), frames.extent(0));
        Tensor part = frames.slice(t, end);
        finish(x.slice(t, end), stream, part);
    }
}

void WanVaeDecoder::finish(const Tensor& coarse, WanVaeStream& stream, Tensor& frames) const {
    const Arena::Scope scope(stream.arena());
    Tensor x = coarse;
    for (size_t level = kCoarseLevels; level < kWidths.size(); ++level) {
        for (size_t i = 0; i < kUpResiduals; ++i) {
            x = residuals_[level * kUpResiduals + i](x, stream);
        }
        x = level < ups_.size() ? ups_[level](x, stream) : x;
    }
    Tensor input = last_.input(x.extent(0), x.extent(1), x.extent(2), stream);
    norm_silu(x, norm_, true, input, stream.queue());
    pixels_to_frames(last_(input, stream), true, frames, stream.queue());
}

WanVaeEncoder::WanVaeEncoder(const WanVaeConfig& config, const WeightMap& weights, DType compute,
                             Device device)
    : WanVaeEncoder(config, WanVaeSource{weights, compute, device}) {}

WanVaeEncoder::WanVaeEncoder(const WanVaeConfig& config, const WanVaeSource& source)
    : config_(config),
      scale_(config.latents_mean, config.latents_std, source.device),
      first_(source, "encoder.conv_in", 3, config.base, kDownFrames.front()),
      last_(source, "encoder.conv_out", config.base * kWidths.back(), 2 * config.latent_channels,
            1),
      middle_(source, "encoder.mid_block", config.base * kWidths.back()),
      norm_(source.gain("encoder.norm_out", config.base * kWidths.back()).to(source.device)),
      pack_(source.pointwise("quant_conv", 2 * config.latent_channels, 2 * config.latent_channels,
                             5, true)) {
    int64_t in = config.base;
    int index = 0;  // in the file's flat list
    for (size_t level = 0; level < kWidths.size(); ++level) {
        const int64_t width = config.base * kWidths[level];
        for (size_t i = 0; i < kDownResiduals; ++i) {
            residuals_.emplace_back(source, fmt::format("encoder.down_blocks.{}", index++), in,
                                    width, kDownFrames[level]);
            in = width;
        }
        if (level + 1 < kWidths.size()) {
            downs_.emplace_back(source, fmt::format("encoder.down_blocks.{}", index++), width,
                                level > 0, kDownFrames[level]);
        }
    }
}

void WanVaeEncoder::encode(const Tensor& frames, WanVaeStream& stream, Tensor& latents) const {
    const Shape& size = frames.shape();
    check(size.rank() == 4 && size[3] == 3 && frames.dtype() == DType::U8, "wan vae: frames {} {}",
          name_of(frames.dtype()), size.str());
    const int64_t count = latents_of(size[0], stream.latents());
    check_input(count > 0 && size[1] % kLatentScale == 0 && size[2] % kLatentScale == 0,
                "frames {} cannot be encoded: height and width must be multiples of {}, and a clip "
                "has 4 n + 1 frames",
                size.str(), kLatentScale);
    make_latents({count, config_.latent_channels, size[1] / kLatentScale, size[2] / kLatentScale},
                 stream.device(), latents);
    int64_t at = 0;
    for (int64_t n = 0; n < count; ++n) {
        const Arena::Scope scope(stream.arena());
        const int64_t step = stream.frames(1);
        Tensor input = first_.input(step, size[1], size[2], stream);
        frames_to_pixels(frames.slice(at, at + step), true, input, stream.queue());
        at += step;
        Tensor x = first_(input, stream);
        for (size_t i = 0; i < residuals_.size(); ++i) {
            x = residuals_[i](x, stream);
            if (i % kDownResiduals == kDownResiduals - 1 && i / kDownResiduals < downs_.size()) {
                x = downs_[i / kDownResiduals](x, stream);
            }
        }
        x = middle_(x, stream);
        Tensor last = last_.input(1, x.extent(1), x.extent(2), stream);
        norm_silu(x, norm_, true, last, stream.queue());
        // [1, h, w, 2 C]: means, then logarithms of variances
        const Tensor z = convolve(pack_, last_(last, stream), stream);
        Tensor latent = latents.slice(n, n + 1);
        pixels_to_latent(z, scale_, latent, stream.queue());
        stream.next_latent();
    }
    stream.workspace().synchronize();
}

}  // namespace longtake::diffusion
