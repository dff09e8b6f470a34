#include "diffusion/models/taehv_config.h"

#include "core/error.h"
#include "diffusion/models/config_reader.h"

#include <algorithm>

namespace longtake::diffusion {

TaehvConfig TaehvConfig::read(const std::filesystem::path& folder) {
    TaehvConfig c;
    const std::filesystem::path path = folder / "config.json";
    if (!std::filesystem::exists(path)) {
        return c;
    }
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
