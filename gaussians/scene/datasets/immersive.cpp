#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "gaussians/scene/datasets/calibrated_camera.h"
#include "gaussians/scene/datasets/layouts.h"
#include "gaussians/scene/small_matrix.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kModels = "models.json";

fs::path file_of(const fs::path& path) {
    return path.filename() == kModels ? path : path / kModels;
}

// The orientation is the axis of the rotation from world to camera, as long as its angle; the
// position is the camera's in the world.
void set_pose(Camera& camera, const Vec3& orientation, const Vec3& position) {
    const double angle = std::sqrt(dot(orientation, orientation));
    const double s = angle > 0 ? std::sin(0.5 * angle) / angle : 0.5;
    set_rotation(camera, {std::cos(0.5 * angle), s * orientation[0], s * orientation[1],
                          s * orientation[2]});
    for (size_t i = 0; i < 9; ++i) {
        camera.translation[i / 3] -= camera.rotation[i] * position[i % 3];
    }
}

CapturedView read_view(const Json& json, const fs::path& folder) {
    const auto name = json.at("name").get<std::string>();
    check_input(!name.empty() && fs::path(name).filename() == name, "it has a camera named {}",
                in_quotes(name));
    CapturedView view{.name = name, .lens = {}, .pictures = PictureSource::find(folder, name)};
    Camera& camera = view.lens.camera;
    const auto focal = json.at("focal_length").get<double>();
    camera = calibrated_camera(json.at("width").get<double>(), json.at("height").get<double>(),
                               focal, focal);
    camera.cx = json.at("principal_point").at(0).get<double>();
    camera.cy = json.at("principal_point").at(1).get<double>();
    view.lens.distortion = Lens::Distortion::Fisheye;
    for (size_t i = 0; i < 2; ++i) {
        view.lens.coefficients[i] = json.at("radial_distortion").at(i).get<double>();
    }
    set_pose(camera, json.at("orientation").get<Vec3>(), json.at("position").get<Vec3>());
    return view;
}

}  // namespace

bool is_immersive(const fs::path& path) {
    return fs::is_regular_file(file_of(path));
}

Capture read_immersive(const fs::path& path) {
    const fs::path file = file_of(path);
    Capture capture{.layout = kModels, .views = {}, .points = {}};
    try {
        for (const Json& camera : Json::parse(read_text(file))) {
            capture.views.push_back(read_view(camera, file.parent_path()));
        }
    } catch (const Json::exception& e) {
        fail_input("{}: is not as expected: {}", file.string(), one_line(e.what()));
    } catch (const InputError& e) {
        fail_input("{}: {}", file.string(), e.what());
    }
    check_input(!capture.views.empty(), "{}: it has no cameras", file.string());
    return capture;
}

}  // namespace longtake::gaussians
