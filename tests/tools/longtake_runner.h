#pragma once

#include "core/video_reader.h"
#include "tests/core/temporary_folder.h"
#include "tests/tools/subprocess.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace longtake {

const std::filesystem::path kTinyModel =
    std::filesystem::path(LONGTAKE_TEST_FIXTURES) / "tiny_model";

// Checkpoints of it as PyTorch writes them.
const std::filesystem::path kCheckpoints =
    std::filesystem::path(LONGTAKE_TEST_FIXTURES) / "checkpoints";

// Runs the program in a folder of its own, with a tiny model as the bundled one. One thread: the
// model is so small that several would only wait for each other.
class Runner {
  public:
    Runner() {
        const auto models = folder / "assets/models";
        std::filesystem::create_directories(models);
        std::filesystem::copy(kTinyModel, model(), std::filesystem::copy_options::recursive);
        options.folder = folder.path();
        options.environment = {{"LONGTAKE_ASSETS", (folder / "assets").string()},
                               {"OMP_NUM_THREADS", "1"}};
    }

    Outcome run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), LONGTAKE_BINARY);
        return Subprocess(arguments, options).wait();
    }
    Outcome shell(const std::string& script) const {
        return Subprocess({"/bin/sh", "-c", script}, options).wait();
    }

    // The bundled model, to be spoiled.
    std::filesystem::path model() const { return folder / "assets/models/toyworld"; }
    // What lies in the folder besides the assets.
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            if (entry.path().filename() != "assets") {
                names.push_back(entry.path().filename());
            }
        }
        std::ranges::sort(names);
        return names;
    }
    int64_t frames_of(const std::string& video) const {
        return read_video((folder / video).string(), 1'000'000).extent(0);
    }

    TemporaryFolder folder;
    Subprocess::Options options;
};

inline size_t lines(const std::string& text) {
    return static_cast<size_t>(std::ranges::count(text, '\n'));
}

}  // namespace longtake
