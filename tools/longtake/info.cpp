#include "core/error.h"
#include "core/safetensors.h"
#include "core/video_reader.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/model_info.h"

#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

namespace longtake::cli {
namespace {

namespace fs = std::filesystem;

void print_tensors(const fs::path& path) {
    const auto file = SafetensorsFile::open(path);
    int64_t elements = 0;
    for (const auto& [key, value] : file->metadata()) {
        fmt::print("{} = {}\n", key, value);
    }
    for (const std::string& name : file->names()) {
        const auto info = file->info(name);
        fmt::print("{:<6} {:<24} {}\n", name_of(info.dtype), info.shape.str(), name);
        elements += info.shape.count();
    }
    fmt::print("{} tensors, {:.3f} million elements\n", file->names().size(),
               static_cast<double>(elements) / 1e6);
}

void print_video(const std::string& path) {
    VideoReader video(path);
    int64_t frames = 0;
    while (video.next()) {
        ++frames;
    }
    const double rate = video.frame_rate().value();
    fmt::print("video {}x{}, {} frames at {:.6g} frames/s, {:.3f} s, all decoded\n", video.width(),
               video.height(), frames, rate, static_cast<double>(frames) / rate);
}

void run(const std::string& path) {
    check_input(fs::exists(path), "{}: there is no such file or folder", path);
    if (fs::is_directory(path)) {
        print_model(path);
    } else if (fs::path(path).extension() == ".safetensors") {
        print_tensors(path);
    } else {
        print_video(path);
    }
}

}  // namespace

void add_info(CLI::App& app) {
    auto path = std::make_shared<std::string>();
    auto* command =
        app.add_subcommand("info", "Say what a model folder, checkpoint or video holds");
    command->add_option("PATH", *path, "Model folder, .safetensors file or video")->required();
    command->footer("Example:\n  longtake info longtake.mp4");
    command->callback([path] { run(*path); });
}

}  // namespace longtake::cli
