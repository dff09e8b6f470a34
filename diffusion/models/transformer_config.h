#pragma once

#include "diffusion/weights/weight_map.h"

#include <cstdint>
#include <filesystem>

namespace longtake::diffusion {

// The sizes of a causal Wan transformer, named as in diffusers' config.json. The defaults are
// Wan2.1-T2V-1.3B.
struct TransformerConfig {
    int64_t heads = 12;
    int64_t head_dim = 128;
    int64_t in_channels = 16;
    int64_t out_channels = 16;
    int64_t text_dim = 4096;
    int64_t text_len = 512;
    int64_t image_dim = 0;  // of a picture's features that it attends to; 0: to none
    int64_t freq_dim = 256;
    int64_t ffn_dim = 8960;
    int64_t layers = 30;
    int64_t patch_height = 2;
    int64_t patch_width = 2;
    double eps = 1e-6;

    int64_t width() const { return heads * head_dim; }
    int64_t patch_size() const { return patch_height * patch_width; }

    // Reads diffusers' names and those of the original WanModel; what the file does not say is as
    // in `start`. Throws InputError, naming file and key, when the file is not such a configuration
    // or asks for something this model does not do. Unknown keys are ignored.
    static TransformerConfig read(const std::filesystem::path& path, TransformerConfig start);
    static TransformerConfig read(const std::filesystem::path& path);
    // Of a checkpoint: sizes from the shapes of its tensors, the rest from its config.json, where
    // there is one. Throws InputError when the two do not agree.
    static TransformerConfig of(const WeightMap& weights, const std::filesystem::path& config);
};

}  // namespace longtake::diffusion
