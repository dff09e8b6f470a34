#pragma once

#include "diffusion/weights/checkpoint_kind.h"
#include "diffusion/weights/weight_map.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace longtake::diffusion {

// What a folder holds of a model. Every checkpoint down to four levels is opened and told by its
// tensors, so that a diffusers folder, the original Wan2.1 folder and a checkout of Self-Forcing or
// LongLive with its downloads all do. Of two transformers the distilled one (generator_ema,
// generator) counts.
struct ModelFolder {
    struct Part {
        CheckpointKind kind;
        std::filesystem::path path;    // a file, or the index of a sharded checkpoint
        std::filesystem::path config;  // its config.json; empty: its shapes say it all
        std::filesystem::path lora;    // to be merged; may be empty
        bool attends_picture = false;  // a transformer that an image encoder belongs to

        WeightMap open() const;  // under the names that the program knows
    };
    struct Missing {
        std::string part, mend;
        bool needed = true;  // to make a video at all
    };

    // `path` may also be a single checkpoint. Throws InputError when there is nothing there, or no
    // end of files.
    static ModelFolder find(const std::filesystem::path& path);

    std::filesystem::path path;
    std::optional<Part> transformer, vae, text_encoder, image_encoder, depth;
    std::filesystem::path tokenizer;  // the folder with spiece.model
    std::filesystem::path scheduler;  // scheduler_config.json; may be empty
    std::vector<Part> unused;
    std::vector<std::string> problems;                // files that cannot be read, and why
    std::vector<std::filesystem::path> unrecognised;  // files that can, but are of another model

    // "ati" or "wan-move", where the name of the folder, or of the transformer in it, says that it
    // is one of these fine-tunes of Wan2.1-I2V, which nothing in their checkpoints does.
    std::string named_rule() const;
    std::vector<Part> parts() const;  // in this order, then those not used
    std::vector<Missing> missing() const;
    // Throws InputError for the first problem, or the first part that is needed and missing.
    void check_usable() const;
};

}  // namespace longtake::diffusion
