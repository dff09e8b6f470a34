#include "tools/longtake/assets_folder.h"

#include "core/error.h"

#include <cstdlib>

namespace longtake::cli {

namespace fs = std::filesystem;

std::vector<fs::path> assets_folders() {
    std::vector<fs::path> folders;
    if (const char* given = std::getenv("LONGTAKE_ASSETS"); given != nullptr && *given != '\0') {
        folders.emplace_back(given);
    }
    std::error_code error;
    const fs::path binary = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        folders.push_back(binary.parent_path().parent_path() / "share" / "longtake");
    }
    folders.emplace_back(LONGTAKE_SOURCE_ASSETS);
    return folders;
}

fs::path find_model(const std::string& given) {
    if (!given.empty()) {
        check_input(fs::is_directory(given), "--model {}: there is no such folder", given);
        return given;
    }
    std::string places;
    for (const fs::path& folder : assets_folders()) {
        const fs::path model = folder / "models" / "toyworld";
        if (fs::exists(model / "model_index.json")) {
            return model;
        }
        places += (places.empty() ? "" : ", ") + model.string();
    }
    fail_input(
        "the bundled model is not there (looked in {}); give --model DIR or set "
        "LONGTAKE_ASSETS",
        places);
}

}  // namespace longtake::cli
