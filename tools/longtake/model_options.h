#pragma once

#include "diffusion/video_model.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace longtake::cli {

// The options of every command that runs a model.
struct ModelOptions {
    std::string model;  // folder; empty: the bundled one
    std::string cache = "deep-forcing";
    std::vector<int> steps;
    int64_t chunk = 0;  // latent frames; 0: the model's own
    std::string device = "auto";
    std::string precision = "auto";
    int threads = 0;           // 0: as many as the machine offers
    double memory_budget = 0;  // GiB; 0: what there is
};

void add_model_options(CLI::App& command, ModelOptions& options);
// Those of them that say which model is computed with what.
void add_device_options(CLI::App& command, ModelOptions& options);

DType precision_of(const ModelOptions& options, Device device);

void use_threads(const ModelOptions& options);

// Loads the model they name and sets the number of threads.
std::shared_ptr<const diffusion::VideoModel> load_model(const ModelOptions& options);

}  // namespace longtake::cli
