#include "tools/longtake/camera_option.h"

#include "core/error.h"
#include "core/file.h"
#include "gaussians/scene/camera_path.h"
#include "gaussians/scene/dataset.h"
#include "generator/control/camera_file.h"
#include "generator/control/camera_preset.h"

#include <cmath>
#include <filesystem>

namespace longtake::cli {
namespace {

namespace fs = std::filesystem;

// The views of a capture in the order of their names, as a path.
generator::CameraPath path_of_dataset(const std::string& path) {
    const auto dataset = gaussians::Dataset::open(path);
    generator::CameraPath result;
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        result.cameras.push_back(dataset.camera(i));
    }
    return result;
}

generator::CameraPath open_path(const std::string& path, const generator::TrackFrame& take) {
    check_input(fs::exists(path),
                "--camera {}: there is no such file, and no such motion; there are {}", path,
                generator::camera_preset_names());
    if (generator::is_camera_path(path)) {
        return generator::read_camera_path(path, take);
    }
    if (gaussians::Dataset::recognizes(path)) {
        return path_of_dataset(path);
    }
    return {.cameras = gaussians::read_camera_path(
                path, {.width = take.width, .height = take.height, .frame_rate = take.frame_rate}),
            .frame_rate = take.frame_rate};
}

}  // namespace

std::vector<Pinhole> cameras_of_file(const std::string& path, const PathUse& use, int64_t most,
                                     const generator::TrackFrame& take) {
    const generator::CameraPath from = open_path(path, take);
    const double rate = from.frame_rate > 0 ? from.frame_rate : take.frame_rate;
    const double step = use.speed * rate / take.frame_rate;
    std::vector<Pinhole> cameras;
    const auto last = static_cast<double>(from.cameras.size() - 1);
    for (int64_t t = 0; t < most && static_cast<double>(t) * step <= last + 1e-6; ++t) {
        Pinhole camera = generator::fitted(
            generator::between(from.cameras, static_cast<double>(t) * step), take);
        for (double& v : camera.translation) {
            v *= use.scale;
        }
        cameras.push_back(camera);
    }
    return cameras;
}

}  // namespace longtake::cli
