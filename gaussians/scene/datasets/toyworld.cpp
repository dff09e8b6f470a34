#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "gaussians/scene/datasets/calibrated_camera.h"
#include "gaussians/scene/datasets/layouts.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kClip = "clip.json";
constexpr size_t kMaxText = size_t{1} << 26;  // poses of every frame of every view

fs::path file_of(const fs::path& path) {
    return path.filename() == kClip ? path : path / kClip;
}

Camera camera_of(const Json& view, double width, double height) {
    const auto lens = view.at("intrinsics").get<std::vector<double>>();
    const Json& poses = view.at("world_to_camera");
    check_input(lens.size() == 4 && !poses.empty(), "it has a view without a lens or a pose");
    const auto pose = poses.at(0).get<std::vector<double>>();
    check_input(
        pose.size() == 16 && std::ranges::all_of(pose, [](double v) { return std::isfinite(v); }),
        "it has a pose that is no matrix 4x4 of numbers");
    check_input(std::ranges::all_of(poses, [&](const Json& other) { return other == poses[0]; }),
                "its cameras move; let toyworld make it with --fixed");
    Camera camera = calibrated_camera(width, height, lens[0], lens[1]);
    camera.cx = lens[2];
    camera.cy = lens[3];
    for (size_t row = 0; row < 3; ++row) {
        std::copy_n(pose.begin() + static_cast<std::ptrdiff_t>(4 * row), 3,
                    camera.rotation.begin() + 3 * row);
        camera.translation[row] = pose[4 * row + 3];
    }
    return camera;
}

Capture capture_of(const Json& clip, const fs::path& folder) {
    Capture capture{.layout = "toyworld", .views = {}, .points = {}};
    const auto width = clip.at("width").get<double>(), height = clip.at("height").get<double>();
    for (const Json& view : clip.at("views")) {
        const std::string name = fmt::format("view_{:02}", capture.views.size());
        capture.views.push_back({.name = name,
                                 .lens = {.camera = camera_of(view, width, height)},
                                 .pictures = PictureSource(images_in(folder / name))});
    }
    check_input(!capture.views.empty(), "it has no views");
    return capture;
}

}  // namespace

bool is_toyworld(const fs::path& path) {
    return fs::is_regular_file(file_of(path));
}

Capture read_toyworld(const fs::path& path) {
    const fs::path file = file_of(path);
    try {
        return capture_of(Json::parse(read_text(file, kMaxText)), fs::absolute(file).parent_path());
    } catch (const Json::exception& e) {
        fail_input("{}: is not as expected: {}", file.string(), one_line(e.what()));
    } catch (const InputError& e) {
        fail_input("{}: {}", file.string(), e.what());
    }
}

}  // namespace longtake::gaussians
