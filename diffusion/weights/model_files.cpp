#include "diffusion/weights/model_files.h"

#include "core/error.h"
#include "diffusion/weights/weight_map.h"

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>

namespace longtake::diffusion {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 4;
constexpr size_t kMaxFiles = 10000;

void walk(const fs::path& folder, int depth, std::vector<fs::path>& files) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.path().filename().string().starts_with('.')) {
            continue;
        }
        if (entry.is_directory(error) && depth < kMaxDepth) {
            walk(entry.path(), depth + 1, files);
        } else if (entry.is_regular_file(error)) {
            files.push_back(entry.path());
            check_input(files.size() <= kMaxFiles,
                        "{}: holds more than {} files; name the model's own folder",
                        folder.string(), kMaxFiles);
        }
    }
    check_input(!error, "cannot read {}: {}", folder.string(), error.message());
}

bool is_checkpoint(const fs::path& path) {
    const std::string type = path.extension();
    return type == ".safetensors" || type == ".pt" || type == ".pth";
}

bool is_shard(const fs::path& path) {
    static const std::regex kShard(R"(.*-\d{5}-of-\d{5}\.\w+)");
    return std::regex_match(path.filename().string(), kShard);
}

}  // namespace

ModelFiles ModelFiles::list(const fs::path& folder) {
    ModelFiles found;
    std::vector<fs::path> files;
    walk(folder, 0, files);
    std::ranges::sort(files);
    std::set<fs::path> shards;
    for (const fs::path& file : files) {
        const std::string name = file.filename();
        if (name.ends_with(".index.json")) {
            try {
                std::ranges::copy(shards_of(file), std::inserter(shards, shards.end()));
                found.checkpoints.push_back(file);
            } catch (const InputError& e) {
                found.problems.emplace_back(e.what());
            }
        } else if (name == "scheduler_config.json") {
            found.schedulers.push_back(file);
        } else if (name == "spiece.model") {
            found.tokenizers.push_back(file.parent_path());
        }
    }
    for (const fs::path& file : files) {
        if (is_checkpoint(file) && !shards.contains(file)) {
            if (is_shard(file)) {
                found.problems.push_back(fmt::format(
                    "{}: the index.json of this sharded checkpoint is missing", file.string()));
            } else {
                found.checkpoints.push_back(file);
            }
        }
    }
    std::ranges::sort(found.checkpoints);
    return found;
}

}  // namespace longtake::diffusion
