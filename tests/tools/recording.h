#pragma once

#include "core/file.h"
#include "core/image.h"
#include "tests/tools/longtake_runner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace longtake {

// clip/: five frames of the fixture's cloud by three cameras, in toyworld's layout: it gets darker.
class Recording : public testing::Test {
  protected:
    static constexpr int kFrames = 5, kViews = 3, kWidth = 96, kHeight = 64;
    static constexpr double kFocal = 60, kDistance = 20;

    Recording() {
        namespace fs = std::filesystem;
        const fs::path clip = runner.folder / "clip";
        fs::create_directories(clip);
        std::string views;
        for (int v = 0; v < kViews; ++v) {
            const std::string pose =
                fmt::format("[1,0,0,{},0,1,0,0,0,0,1,{},0,0,0,1]", 1 - v, kDistance);
            std::string poses = pose;
            for (int t = 1; t < kFrames; ++t) {
                poses += "," + pose;
            }
            views += fmt::format(R"({}{{"intrinsics": [{},{},48,32], "world_to_camera": [{}]}})",
                                 v == 0 ? "" : ",", kFocal, kFocal, poses);
        }
        std::ofstream(clip / "clip.json") << fmt::format(
            R"({{"width": {}, "height": {}, "views": [{}]}})", kWidth, kHeight, views);
        fs::copy(fs::path(LONGTAKE_TEST_FIXTURES) / "splats/version3.spz", runner.folder / "a.spz");
        runner.run({"render", "a.spz", "--cameras", "clip", "-o", "drawn/", "--device", "cpu"});
        for (int v = 0; v < kViews; ++v) {
            const Tensor seen = read_png(runner.folder / fmt::format("drawn/frame_{:06}.png", v));
            const fs::path folder = clip / fmt::format("view_{:02}", v);
            fs::create_directories(folder);
            for (int t = 0; t < kFrames; ++t) {
                pictures.push_back(seen.clone());
                for (uint8_t& value : pictures.back().values<uint8_t>()) {
                    value = static_cast<uint8_t>(value * (10 - t) / 10);
                }
                write_png(folder / fmt::format("frame_{:04}.png", t), pictures.back());
            }
        }
        fs::remove_all(runner.folder / "drawn");
    }

    std::vector<std::string> command(const std::string& output,
                                     const std::vector<std::string>& more = {}) const {
        std::vector<std::string> all{"encode", "clip", "-o",           output, "--points", "200",
                                     "--max",  "300",  "--iterations", "100",  "--degree", "1"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    std::string bytes(const std::string& name) const {
        return read_text(runner.folder / name, 1 << 24);
    }

    const Runner runner;
    std::vector<Tensor> pictures;  // [V, T]
};

}  // namespace longtake
