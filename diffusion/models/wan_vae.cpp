#include "diffusion/models/wan_vae.h"

#include "core/error.h"
#include "diffusion/models/config_reader.h"
#include "diffusion/models/latent_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace longtake::diffusion {
namespace {

constexpr std::array<int64_t, 4> kWidths{1, 2, 4, 4};   // times the base, finest level first
constexpr size_t kUpResiduals = 3, kDownResiduals = 2;  // per level

void append(const Tensor& frames, Tensor& all, int64_t& at) {
    std::memcpy(all.slice(at, at + frames.extent(0)).raw(), frames.raw(), frames.bytes());
    at += frames.extent(0);
}

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

WanVaeDecoder::WanVaeDecoder(const WanVaeConfig& config, const WeightMap& weights)
    : config_(config),
      unpack_(
          pointwise(weights, "post_quant_conv", config.latent_channels, config.latent_channels)),
      first_(weights, "decoder.conv_in", config.latent_channels, config.base * kWidths.back()),
      last_(weights, "decoder.conv_out", config.base, 3),
      middle_(weights, "decoder.mid_block", config.base * kWidths.back()),
      norm_(wan_vae_gain(weights, "decoder.norm_out", config.base)) {
    int64_t in = config.base * kWidths.back();
    for (size_t level = 0; level < kWidths.size(); ++level) {
        const std::string name = fmt::format("decoder.up_blocks.{}.", level);
        const int64_t width = config.base * kWidths[kWidths.size() - 1 - level];
        for (size_t i = 0; i < kUpResiduals; ++i) {
            residuals_.emplace_back(weights, name + fmt::format("resnets.{}", i),
                                    i == 0 ? in : width, width);
        }
        if (level + 1 < kWidths.size()) {
            ups_.emplace_back(weights, name + "upsamplers.0", width, level < 2);
            in = width / 2;
        }
    }
}

Tensor WanVaeDecoder::decode(const Tensor& latents, WanVaeStream& stream) const {
    const int64_t channels = config_.latent_channels;
    check(latents.shape().rank() == 4 && latents.extent(1) == channels &&
              latents.dtype() == DType::F32,
          "wan vae: latents {} of {} channels", latents.shape().str(), channels);
    const int64_t count = latents.extent(0), h = latents.extent(2), w = latents.extent(3);
    Tensor frames(
        {kLatentFrames * count - (stream.latents() == 0 && count > 0 ? kLatentFrames - 1 : 0),
         kLatentScale * h, kLatentScale * w, 3},
        DType::F32);
    int64_t at = 0;
    for (int64_t n = 0; n < count; ++n) {
        Tensor x({1, h, w, channels}, DType::F32);
        for (int64_t i = 0; i < x.count(); ++i) {
            const int64_t c = i % channels;
            const float z = latents.data<float>()[(n * channels + c) * h * w + i / channels];
            x.data<float>()[i] = z * config_.latents_std[c] + config_.latents_mean[c];
        }
        x = middle_(first_(convolve(unpack_, x, stream), stream), stream);
        for (size_t i = 0; i < residuals_.size(); ++i) {
            x = residuals_[i](x, stream);
            if (i % kUpResiduals == kUpResiduals - 1 && i / kUpResiduals < ups_.size()) {
                x = ups_[i / kUpResiduals](x, stream);
            }
        }
        x = last_(norm_silu(x, norm_), stream);
        for (float& value : x.values<float>()) {
            value = (std::clamp(value, -1.F, 1.F) + 1.F) / 2.F;
        }
        append(x, frames, at);
        stream.next_latent();
    }
    return frames;
}

WanVaeEncoder::WanVaeEncoder(const WanVaeConfig& config, const WeightMap& weights)
    : config_(config),
      first_(weights, "encoder.conv_in", 3, config.base),
      last_(weights, "encoder.conv_out", config.base * kWidths.back(), 2 * config.latent_channels),
      middle_(weights, "encoder.mid_block", config.base * kWidths.back()),
      norm_(wan_vae_gain(weights, "encoder.norm_out", config.base * kWidths.back())),
      pack_(pointwise(weights, "quant_conv", 2 * config.latent_channels,
                      2 * config.latent_channels)) {
    int64_t in = config.base;
    int index = 0;  // in the file's flat list
    for (size_t level = 0; level < kWidths.size(); ++level) {
        const int64_t width = config.base * kWidths[level];
        for (size_t i = 0; i < kDownResiduals; ++i) {
            residuals_.emplace_back(weights, fmt::format("encoder.down_blocks.{}", index++), in,
                                    width);
            in = width;
        }
        if (level + 1 < kWidths.size()) {
            downs_.emplace_back(weights, fmt::format("encoder.down_blocks.{}", index++), width,
                                level > 0);
        }
    }
}

Tensor WanVaeEncoder::encode(const Tensor& frames, WanVaeStream& stream) const {
    const Shape& size = frames.shape();
    check(size.rank() == 4 && size[3] == 3 && frames.dtype() == DType::U8, "wan vae: frames {} {}",
          name_of(frames.dtype()), size.str());
    const int64_t count = latents_of(size[0], stream.latents()), channels = config_.latent_channels;
    check_input(count > 0 && size[1] % kLatentScale == 0 && size[2] % kLatentScale == 0,
                "frames {} cannot be encoded: height and width must be multiples of {}, and a clip "
                "has 4 n + 1 frames",
                size.str(), kLatentScale);
    const int64_t pixels = size[1] / kLatentScale * (size[2] / kLatentScale);
    Tensor latents({count, channels, size[1] / kLatentScale, size[2] / kLatentScale}, DType::F32);
    int64_t at = 0;
    for (int64_t n = 0; n < count; ++n) {
        const int64_t step = stream.latents() == 0 ? 1 : kLatentFrames;
        Tensor x(size.with(0, step), DType::F32);
        const Tensor given = frames.slice(at, at + step);
        std::ranges::transform(given.values<uint8_t>(), x.data<float>(),
                               [](uint8_t v) { return static_cast<float>(v) / 127.5F - 1.F; });
        at += step;
        x = first_(x, stream);
        for (size_t i = 0; i < residuals_.size(); ++i) {
            x = residuals_[i](x, stream);
            if (i % kDownResiduals == kDownResiduals - 1 && i / kDownResiduals < downs_.size()) {
                x = downs_[i / kDownResiduals](x, stream);
            }
        }
        x = last_(norm_silu(middle_(x, stream), norm_), stream);
        x = convolve(pack_, x, stream);  // [1, h, w, 2 C]: means, then logarithms of variances
        for (int64_t i = 0; i < channels * pixels; ++i) {
            const int64_t c = i / pixels;
            const float mean = x.data<float>()[i % pixels * 2 * channels + c];
            latents.data<float>()[n * channels * pixels + i] =
                (mean - config_.latents_mean[c]) / config_.latents_std[c];
        }
        stream.next_latent();
    }
    return latents;
}

}  // namespace longtake::diffusion
