#pragma once

#include "gaussians/scene/dataset.h"
#include "gaussians/train/residual_trainer.h"
#include "gaussians/train/static_trainer.h"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace longtake::cli {

struct EncodeOptions {
    std::string dataset, output = "scene.ply", points, preview, device = "auto";
    std::vector<std::string> test;
    int64_t frame = 0, iterations = 0, max_gaussians = 400'000;
    double scale = 1;
    int degree = 2;
    std::optional<int64_t> latents;
    std::optional<double> near;
    bool sampling = false;
    uint64_t seed = 1;

    // Of a stream; those that are not given are the preset's.
    std::string preset = "l", frame_rate = "30", segments;
    std::vector<std::string> budget;
    int64_t frames = 0, key_every = 30, rounds = 0;
    bool follow = false;
    std::optional<std::string> gates;
    bool gate_all = false, drop_unseen = false;
    std::optional<double> masked, pool, move_step;
};

void add_encode_options(CLI::App& command, EncodeOptions& options);

// How the first moment is learnt, from so many views.
gaussians::TrainingOptions training_options(const EncodeOptions& options, size_t views);
// How the moments after it are; presets count rounds of nineteen views, as QUEEN's scenes have, and
// make more of fewer.
gaussians::ResidualOptions residual_options(const EncodeOptions& options, size_t views);

// The frames of the dataset that a stream is made of.
struct FrameRange {
    int64_t first, end;  // the end may be beyond the last one
};
// As --frame, --frames and --segments say; throws InputError naming the option.
FrameRange frame_range(const EncodeOptions& options);

}  // namespace longtake::cli
