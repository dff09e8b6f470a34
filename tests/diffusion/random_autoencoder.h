#pragma once

#include "core/safetensors.h"
#include "diffusion/models/autoencoder.h"
#include "tests/diffusion/testing.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

// Autoencoders of any width with random weights, bf16 as most checkpoints have them.
namespace longtake::diffusion {

class RandomCheckpoint {
  public:
    // A convolution, kernel [out, in, ...].
    void conv(const std::string& name, const Shape& kernel, bool bias = true, float gain = 1) {
        const auto fan = static_cast<float>(kernel.count() / kernel[0]);
        add(name + ".weight", kernel, gain / std::sqrt(fan), 0);
        if (bias) {
            add(name + ".bias", {kernel[0]}, 0.1F, 0);
        }
    }
    void gain(const std::string& name, const Shape& shape) { add(name + ".gamma", shape, 0.2F, 1); }
    WeightMap finish() const {
        const auto path = std::filesystem::temp_directory_path() /
                          fmt::format("longtake_random_{}.safetensors", getpid());
        write_safetensors(path, weights_);
        WeightMap map = WeightMap::open(path);
        std::filesystem::remove(path);
        return map;
    }

  private:
    void add(const std::string& name, const Shape& shape, float spread, float offset) {
        Tensor t = random_tensor(shape, static_cast<unsigned>(weights_.size()), DType::F32, spread);
        for (float& v : t.values<float>()) {
            v += offset;
        }
        weights_.emplace_back(name, t.to(DType::BF16));
    }

    std::vector<std::pair<std::string, Tensor>> weights_;
};

inline WeightMap random_wan_vae(int64_t base, int64_t latents = 16) {
    RandomCheckpoint w;
    const auto residual = [&](const std::string& name, int64_t in, int64_t out) {
        w.gain(name + ".norm1", {in, 1, 1, 1});
        w.gain(name + ".norm2", {out, 1, 1, 1});
        w.conv(name + ".conv1", {out, in, 3, 3, 3});
        w.conv(name + ".conv2", {out, out, 3, 3, 3});
        if (in != out) {
            w.conv(name + ".conv_shortcut", {out, in, 1, 1, 1});
        }
    };
    const auto middle = [&](const std::string& name, int64_t c) {
        residual(name + ".resnets.0", c, c);
        residual(name + ".resnets.1", c, c);
        w.gain(name + ".attentions.0.norm", {c, 1, 1});
        w.conv(name + ".attentions.0.to_qkv", {3 * c, c, 1, 1});
        w.conv(name + ".attentions.0.proj", {c, c, 1, 1});
    };
    const std::array<int64_t, 4> widths{base, 2 * base, 4 * base, 4 * base};
    w.conv("post_quant_conv", {latents, latents, 1, 1, 1});
    w.conv("decoder.conv_in", {widths[3], latents, 3, 3, 3});
    middle("decoder.mid_block", widths[3]);
    int64_t in = widths[3];
    for (int level = 0; level < 4; ++level) {
        const std::string name = fmt::format("decoder.up_blocks.{}.", level);
        const int64_t width = widths[3 - level];
        for (int i = 0; i < 3; ++i) {
            residual(name + fmt::format("resnets.{}", i), i == 0 ? in : width, width);
        }
        if (level < 3) {
            w.conv(name + "upsamplers.0.resample.1", {width / 2, width, 3, 3});
            in = width / 2;
        }
        if (level < 2) {
            w.conv(name + "upsamplers.0.time_conv", {2 * width, width, 3, 1, 1});
        }
    }
    w.gain("decoder.norm_out", {base, 1, 1, 1});
    w.conv("decoder.conv_out", {3, base, 3, 3, 3}, true, 0.7F);

    w.conv("encoder.conv_in", {base, 3, 3, 3, 3});
    in = base;
    int index = 0;
    for (int level = 0; level < 4; ++level) {
        for (int i = 0; i < 2; ++i, in = widths[level]) {
            residual(fmt::format("encoder.down_blocks.{}", index++), in, widths[level]);
        }
        if (level < 3) {
            const std::string name = fmt::format("encoder.down_blocks.{}", index++);
            w.conv(name + ".resample.1", {in, in, 3, 3});
            if (level > 0) {
                w.conv(name + ".time_conv", {in, in, 3, 1, 1});
            }
        }
    }
    middle("encoder.mid_block", in);
    w.gain("encoder.norm_out", {in, 1, 1, 1});
    w.conv("encoder.conv_out", {2 * latents, in, 3, 3, 3});
    w.conv("quant_conv", {2 * latents, 2 * latents, 1, 1, 1});
    return w.finish();
}

inline WeightMap random_taehv(const TaehvConfig& c) {
    RandomCheckpoint w;
    const auto stack = [&](const std::string& part, int first, int64_t n) {
        for (int i = first; i < first + 3; ++i) {
            const std::string name = fmt::format("{}.{}.conv.", part, i);
            w.conv(name + "0", {n, 2 * n, 3, 3}, true, 1.4F);
            w.conv(name + "2", {n, n, 3, 3}, true, 1.4F);
            w.conv(name + "4", {n, n, 3, 3}, true, 0.35F);
        }
    };
    constexpr std::array<int64_t, 3> kGrow{1, 2, 2}, kShrink{2, 2, 1};
    w.conv("decoder.1", {c.decoder_channels[0], c.latent_channels, 3, 3}, true, 1.4F);
    for (int level = 0; level < 3; ++level) {
        const int64_t n = c.decoder_channels[level];
        const int at = 6 * level;
        stack("decoder", at + 3, n);
        w.conv(fmt::format("decoder.{}.conv", at + 7), {n * kGrow[level], n, 1, 1}, false);
        w.conv(fmt::format("decoder.{}", at + 8), {c.decoder_channels[level + 1], n, 3, 3}, false);
    }
    w.conv("decoder.22", {3, c.decoder_channels[3], 3, 3}, true, 0.06F);
    w.conv("encoder.0", {c.encoder_channels[0], 3, 3, 3}, true, 1.4F);
    for (int level = 0; level < 3; ++level) {
        const int64_t n = c.encoder_channels[level],
                      in = c.encoder_channels[std::max(level - 1, 0)];
        const int at = 5 * level;
        w.conv(fmt::format("encoder.{}.conv", at + 2), {in, in * kShrink[level], 1, 1}, false);
        w.conv(fmt::format("encoder.{}", at + 3), {n, in, 3, 3}, false);
        stack("encoder", at + 4, n);
    }
    w.conv("encoder.17", {c.latent_channels, c.encoder_channels[2], 3, 3}, true, 0.3F);
    return w.finish();
}

}  // namespace longtake::diffusion
