#include "diffusion/models/taehv_config.h"

#include "core/error.h"
#include "diffusion/models/config_reader.h"

#include <algorithm>

namespace longtake::diffusion {

TaehvConfig TaehvConfig::of(const WeightMap& weights, const std::filesystem::path& config) {
    const auto channels = [&](const char* name, size_t i) {
        const Shape shape = weights.info(name).shape;
        check_input(shape.rank() == 4, "{}: {} has shape {}, which is no tiny autoencoder's",
                    weights.path().string(), name, shape.str());
        return shape[i];
    };
    TaehvConfig c;
    c.latent_channels = channels("decoder.1.weight", 1);
    c.decoder_channels = {channels("decoder.1.weight", 0), channels("decoder.8.weight", 0),
                          channels("decoder.14.weight", 0), channels("decoder.20.weight", 0)};
    if (weights.contains("encoder.0.weight")) {
        c.encoder_channels = {channels("encoder.3.weight", 0), channels("encoder.8.weight", 0),
                              channels("encoder.13.weight", 0)};
    }
    return config.empty() ? c : read(config, c);
}

TaehvConfig TaehvConfig::read(const std::filesystem::path& path, TaehvConfig c) {
    const ConfigReader reader(path);
    reader.require("_class_name", "AutoencoderTAEHV");
    reader.require("patch_size", 1);
    reader.read("latent_channels", c.latent_channels);
    reader.read("decoder_channels", c.decoder_channels);
    reader.read("encoder_channels", c.encoder_channels);
    reader.read("latents_mean", c.latents_mean);
    reader.read("latents_std", c.latents_std);
    check_input(c.latents_mean.size() == c.latents_std.size() &&
                    (c.latents_mean.empty() ||
                     c.latents_mean.size() == static_cast<size_t>(c.latent_channels)),
                "{}: latents_mean and latents_std must both have {} values, or be absent",
                path.string(), c.latent_channels);
    check_input(std::ranges::all_of(c.latents_std, [](float s) { return s > 0; }),
                "{}: latents_std holds a value that is not positive", path.string());
    return c;
}

}  // namespace longtake::diffusion
