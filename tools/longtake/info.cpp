#include "core/error.h"
#include "core/video_reader.h"
#include "gaussians/codec/stream_reader.h"
#include "gaussians/formats/cloud_file.h"
#include "gaussians/scene/dataset.h"
#include "generator/tracks/track_file.h"
#include "tools/longtake/cloud_info.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/dataset_info.h"
#include "tools/longtake/model_info.h"
#include "tools/longtake/stream_report.h"
#include "tools/longtake/track_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace longtake::cli {
namespace {

namespace fs = std::filesystem;

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

bool is_checkpoint(const fs::path& path) {
    constexpr std::array<std::string_view, 4> kTypes{".safetensors", ".pt", ".pth", ".bin"};
    return std::ranges::count(kTypes, path.extension().string()) > 0;
}

struct InfoOptions {
    std::string path, picture;
    StreamReport stream;
    TrackAssumptions tracks;
};

void run(const InfoOptions& o) {
    const std::string& path = o.path;
    if (gaussians::is_stream(path)) {
        print_stream(path, o.stream);
        return;
    }
    check_input(fs::exists(path), "{}: there is no such file or folder", path);
    if (!fs::is_directory(path) && generator::is_track_file(path)) {
        print_tracks(path, o.picture, o.tracks);
    } else if (!fs::is_directory(path) && is_checkpoint(path)) {
        print_tensors(path);
    } else if (gaussians::is_cloud_file(path)) {
        print_cloud(path);
    } else if (gaussians::Dataset::recognizes(path)) {
        print_dataset(path, o.picture);
    } else if (fs::is_directory(path)) {
        print_model(path);
    } else {
        print_video(path);
    }
}

}  // namespace

void add_info(CLI::App& app) {
    auto o = std::make_shared<InfoOptions>();
    auto* command = app.add_subcommand("info",
                                       "Say what a model folder, checkpoint, file or stream of "
                                       "Gaussians, dataset, file of tracks or video holds");
    command
        ->add_option("PATH", o->path,
                     "Model folder, checkpoint (.safetensors, .pt, .pth), file of Gaussians (PLY, "
                     "SPZ, SOG), stream of them (.ltv, playlist.json, http address), dataset, "
                     "tracks (.npz, .npy, .pth, .json, .txt) or video")
        ->required();
    command->add_option(
        "-o,--output", o->picture,
        "PNG to draw a dataset to: its cameras and points, and what each camera saw; or tracks: "
        "red what stays, blue what moves, dark where it comes from");
    command
        ->add_option("--size", o->tracks.size,
                     "Of the picture that tracks are of, if they do not say")
        ->capture_default_str();
    command->add_flag("--verify", o->stream.verify,
                      "Decode the whole of a stream and compare it with what was written");
    command->add_flag("--cameras", o->stream.cameras, "Name the cameras that saw a stream");
    command->footer(
        "Example:\n  longtake info longtake.mp4\n  longtake info scene.ltv --verify\n"
        "  longtake info tracks.npz -o tracks.png");
    command->callback([o] { run(*o); });
}

}  // namespace longtake::cli
