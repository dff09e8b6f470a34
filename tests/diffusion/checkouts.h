#pragma once

#include "diffusion/video_model.h"
#include "tests/core/temporary_folder.h"
#include "tests/diffusion/fixtures.h"

#include <filesystem>
#include <string>

// The tiny model as people have theirs on disk.
namespace longtake::diffusion {

inline const std::filesystem::path kCheckpoints = kFixtures / "checkpoints";
inline const std::filesystem::path kTinyModelFolder = kFixtures / "tiny_model";

inline void copy_to(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::filesystem::create_directories(to.parent_path());
    std::filesystem::copy(from, to);
}

// What a model makes of latents [F, C, h, w], in one stream.
inline Tensor decoded(const VideoModel& model, const Tensor& latents) {
    const auto stream = model.autoencoder().open(latents.extent(2), latents.extent(3));
    Tensor frames({stream->frames(latents.extent(0)), kLatentScale * latents.extent(2),
                   kLatentScale * latents.extent(3), 3},
                  DType::U8);
    stream->decode(latents, frames);
    return frames;
}

// A checkout of Self-Forcing with its downloads and the tiny autoencoder: the base model in the
// original layout under wan_models/, the distilled one under checkpoints/.
inline void make_self_forcing(const std::filesystem::path& root) {
    const auto wan = root / "wan_models/Wan2.1-T2V-1.3B";
    copy_to(kCheckpoints / "self_forcing_dmd.pt", root / "checkpoints/self_forcing_dmd.pt");
    copy_to(kTinyModelFolder / "transformer/diffusion_pytorch_model.safetensors",
            wan / "diffusion_pytorch_model.safetensors");
    copy_to(kCheckpoints / "wan_config.json", wan / "config.json");
    copy_to(kCheckpoints / "models_t5_umt5-xxl-enc-bf16.pth",
            wan / "models_t5_umt5-xxl-enc-bf16.pth");
    for (const char* name : {"spiece.model", "tokenizer_config.json"}) {
        copy_to(kTinyModelFolder / "tokenizer" / name, wan / "google/umt5-xxl" / name);
    }
    copy_to(kCheckpoints / "taew2_1.pth", root / "taew2_1.pth");
    copy_to(kTinyModelFolder / "scheduler/scheduler_config.json", root / "scheduler_config.json");
    copy_to(kTinyModelFolder / "vae/config.json", root / "config.json");
}

// LongLive's base and its adaptation, with the config.json of their sizes.
inline void make_long_live(const std::filesystem::path& root) {
    copy_to(kFixtures / "tiny_transformer_24_original.safetensors",
            root / "models/longlive_base.safetensors");
    copy_to(kFixtures / "tiny_transformer_24/config.json", root / "models/config.json");
    copy_to(kCheckpoints / "lora.pt", root / "models/lora.pt");
}

}  // namespace longtake::diffusion
