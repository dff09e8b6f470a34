#pragma once

#include "diffusion/weights/weight_map.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace longtake::diffusion {

// The widths of an autoencoder of the TAEHV architecture, finest level last for the decoder and
// first for the encoder. The defaults are those of the public taew2_1.
struct TaehvConfig {
    int64_t latent_channels = 16;
    std::array<int64_t, 4> decoder_channels{256, 128, 64, 64};
    std::array<int64_t, 3> encoder_channels{64, 64, 64};
    // diffusion-space latent = (autoencoder's latent - mean) / std; [latent_channels], or empty
    // where the autoencoder's latents are the diffusion's own.
    std::vector<float> latents_mean, latents_std;

    // What the config.json does not say is as in `start`. Throws InputError, naming file and key,
    // when it does not describe such an autoencoder. Unknown keys are ignored.
    static TaehvConfig read(const std::filesystem::path& path, TaehvConfig start);
    // Of a checkpoint: widths from the shapes of its tensors, then its config.json, where there is
    // one.
    static TaehvConfig of(const WeightMap& weights, const std::filesystem::path& config);
};

}  // namespace longtake::diffusion
