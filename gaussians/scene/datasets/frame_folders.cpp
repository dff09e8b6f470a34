#include "core/error.h"
#include "gaussians/scene/datasets/layouts.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;

// The folders of the frames by their number.
std::map<uint64_t, fs::path> frames_in(const fs::path& path) {
    std::map<uint64_t, fs::path> frames;
    if (!fs::is_directory(path)) {
        return frames;
    }
    for (const auto& entry : fs::directory_iterator(path)) {
        const std::string name = entry.path().filename();
        for (const std::string prefix : {"frame", "colmap_", ""}) {
            uint64_t number = 0;
            const char* end = name.data() + name.size();
            if (name.starts_with(prefix) && entry.is_directory() &&
                std::from_chars(name.data() + prefix.size(), end, number).ptr == end &&
                name.size() > prefix.size() && (!prefix.empty() || is_n3dv(entry.path()))) {
                frames[number] = entry.path();
            }
        }
    }
    return frames;
}

}  // namespace

bool is_frame_folders(const fs::path& path) {
    const auto frames = frames_in(path);
    return !frames.empty() &&
           (is_colmap(frames.begin()->second) || is_n3dv(frames.begin()->second));
}

Capture read_frame_folders(const fs::path& path) {
    const auto frames = frames_in(path);
    const fs::path& first = frames.begin()->second;
    Capture capture = is_colmap(first) ? read_colmap(first) : read_n3dv(first);
    capture.layout = fmt::format("a folder for each frame, {}", capture.layout);
    for (CapturedView& view : capture.views) {
        check_input(view.pictures.images().size() == 1,
                    "{}: it is to hold one picture of each camera, as every folder of a frame",
                    first.string());
        std::vector<fs::path> images;
        images.reserve(frames.size());
        for (const auto& [number, folder] : frames) {
            images.push_back(
                find_image(folder / fs::relative(view.pictures.images().front(), first)));
        }
        view.pictures = PictureSource(std::move(images));
    }
    return capture;
}

}  // namespace longtake::gaussians
