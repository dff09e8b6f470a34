#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longtake::diffusion {

// The files of a model folder that matter, sorted by path.
struct ModelFiles {
    // Single checkpoints and the indices of sharded ones; a shard does not stand for itself.
    std::vector<std::filesystem::path> checkpoints;
    std::vector<std::filesystem::path> schedulers;  // scheduler_config.json
    std::vector<std::filesystem::path> tokenizers;  // folders with spiece.model
    std::vector<std::string> problems;              // one line each

    // Hidden files are left out. Throws InputError when there are too many files to look at.
    static ModelFiles list(const std::filesystem::path& folder);
};

}  // namespace longtake::diffusion
