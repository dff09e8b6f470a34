#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "gaussians/formats/points_file.h"
#include "gaussians/scene/datasets/calibrated_camera.h"
#include "gaussians/scene/datasets/layouts.h"
#include "gaussians/scene/small_matrix.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kLimit = size_t{1} << 28;  // bytes

fs::path file_in(const fs::path& path) {
    if (!fs::is_directory(path)) {
        return path;
    }
    for (const char* name : {"transforms.json", "transforms_train.json"}) {
        if (fs::exists(path / name)) {
            return path / name;
        }
    }
    return {};
}

// A frame's own value of a property, or else that of all frames.
class Properties {
  public:
    Properties(const Json& all, const Json& frame) : all_(all), frame_(frame) {}
    bool has(const char* name) const { return frame_.contains(name) || all_.contains(name); }
    double number(const char* name, double otherwise = 0) const {
        return frame_.value(name, all_.value(name, otherwise));
    }
    std::string text(const char* name) const { return frame_.value(name, all_.value(name, "")); }

  private:
    const Json &all_, &frame_;
};

// Width and height: given, or those of the image.
std::pair<double, double> size_of(const Properties& properties, const fs::path& image) {
    if (properties.has("w") && properties.has("h")) {
        return {properties.number("w"), properties.number("h")};
    }
    const auto size = PictureSource({image}).size();
    check_input(size.has_value(), "it gives no w and h, and there is no image {}",
                in_quotes(image.string()));
    return {static_cast<double>(size->first), static_cast<double>(size->second)};
}

// Focal lengths are fl_x and fl_y, or come from the angles that the picture spans.
Camera read_camera(const Properties& properties, const fs::path& image) {
    const auto [width, height] = size_of(properties, image);
    const auto focal = [&](const char* length, const char* angle, double pixels, double otherwise) {
        return properties.has(length)  ? properties.number(length)
               : properties.has(angle) ? 0.5 * pixels / std::tan(0.5 * properties.number(angle))
                                       : otherwise;
    };
    const double fx = focal("fl_x", "camera_angle_x", width, 0);
    Camera camera =
        calibrated_camera(width, height, fx, focal("fl_y", "camera_angle_y", height, fx));
    camera.cx = properties.number("cx", camera.cx);
    camera.cy = properties.number("cy", camera.cy);
    return camera;
}

void set_distortion(Lens& lens, const Properties& properties) {
    const std::string model = properties.text("camera_model");
    const bool fisheye = model == "OPENCV_FISHEYE" || properties.number("is_fisheye") != 0;
    check_input(fisheye || model.empty() || model == "OPENCV" || model == "PINHOLE" ||
                    model == "SIMPLE_PINHOLE" || model == "SIMPLE_RADIAL" || model == "RADIAL",
                "it has a camera of the model {}, which is not known", in_quotes(model));
    const std::vector names =
        fisheye ? std::vector{"k1", "k2", "k3", "k4"} : std::vector{"k1", "k2", "p1", "p2", "k3"};
    for (size_t i = 0; i < names.size(); ++i) {
        lens.coefficients[i] = properties.number(names[i]);
    }
    const bool distorts = std::ranges::any_of(lens.coefficients, [](double k) { return k != 0; });
    lens.distortion = fisheye    ? Lens::Distortion::Fisheye
                      : distorts ? Lens::Distortion::Radial
                                 : Lens::Distortion::None;
}

// transform_matrix is camera to world with OpenGL's axes (x right, y up, z back).
void set_pose(Camera& camera, const Json& matrix) {
    const auto rows = matrix.get<std::vector<std::vector<double>>>();
    check_input(
        rows.size() >= 3 && std::ranges::all_of(rows, [](auto& r) { return r.size() == 4; }),
        "a transform_matrix is not 4x4");
    for (size_t i = 0; i < 3; ++i) {
        const double sign = i == 0 ? 1 : -1;
        const Vec3 axis{rows[0][i], rows[1][i], rows[2][i]};
        const double length = std::sqrt(dot(axis, axis));
        check_input(length > 1e-9 && std::isfinite(length), "a transform_matrix has no rotation");
        camera.translation[i] = 0;
        for (size_t j = 0; j < 3; ++j) {
            camera.rotation[3 * i + j] = sign * axis[j] / length;
            camera.translation[i] -= camera.rotation[3 * i + j] * rows[j][3];
        }
    }
}

CapturedView read_frame(const Json& all, const Json& frame, const fs::path& folder) {
    const Properties properties(all, frame);
    const auto name = frame.at("file_path").get<std::string>();
    const fs::path image = find_image(folder / name);
    CapturedView view{.name = fs::path(name).lexically_normal().replace_extension().string(),
                      .lens = {},
                      .pictures = PictureSource({image})};
    view.lens.camera = read_camera(properties, image);
    set_distortion(view.lens, properties);
    set_pose(view.lens.camera, frame.at("transform_matrix"));
    return view;
}

// Where all images lie in one folder, it is left out of the cameras' names.
void shorten_names(std::vector<CapturedView>& views) {
    const auto folder = [](const CapturedView& view) { return fs::path(view.name).parent_path(); };
    if (std::ranges::all_of(views,
                            [&](const auto& view) { return folder(view) == folder(views[0]); })) {
        for (CapturedView& view : views) {
            view.name = fs::path(view.name).filename().string();
        }
    }
}

}  // namespace

bool is_transforms(const fs::path& path) {
    const fs::path file = file_in(path);
    return !file.empty() && file.extension() == ".json" &&
           file.filename().string().starts_with("transforms");
}

Capture read_transforms(const fs::path& path) {
    const fs::path file = file_in(path);
    const fs::path folder = file.parent_path();
    Capture capture{.layout = file.filename().string(), .views = {}, .points = {}};
    try {
        const Json json = Json::parse(read_text(file, kLimit));
        for (const Json& frame : json.at("frames")) {
            capture.views.push_back(read_frame(json, frame, folder));
        }
        check_input(!capture.views.empty(), "it has no frames");
        shorten_names(capture.views);
        const auto points = json.value("ply_file_path", std::string());
        std::error_code ignored;
        if (!points.empty() && fs::exists(folder / points, ignored)) {
            capture.points = read_points(folder / points);
        }
    } catch (const Json::exception& e) {
        fail_input("{}: is not as expected: {}", file.string(), one_line(e.what()));
    } catch (const InputError& e) {
        fail_input("{}: {}", file.string(), e.what());
    }
    return capture;
}

}  // namespace longtake::gaussians
