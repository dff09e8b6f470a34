#include "core/error.h"
#include "core/text.h"
#include "gaussians/scene/datasets/calibrated_camera.h"
#include "gaussians/scene/datasets/colmap_model.h"

#include <algorithm>
#include <cmath>

namespace longtake::gaussians {
namespace {

// COLMAP's camera models by their number (colmap/colmap, src/colmap/sensor/models.h). `focals` is 1
// or 2; the principal point and the coefficients, in the order of `places`, follow.
struct CameraModel {
    const char* name;
    size_t focals;
    Lens::Distortion distortion;
    std::vector<size_t> places;  // in Lens::coefficients
};

const std::vector<CameraModel>& camera_models() {
    using enum Lens::Distortion;
    static const std::vector<CameraModel> models{
        {"SIMPLE_PINHOLE", 1, None, {}},
        {"PINHOLE", 2, None, {}},
        {"SIMPLE_RADIAL", 1, Radial, {0}},
        {"RADIAL", 1, Radial, {0, 1}},
        {"OPENCV", 2, Radial, {0, 1, 2, 3}},
        {"OPENCV_FISHEYE", 2, Fisheye, {0, 1, 2, 3}},
        {"FULL_OPENCV", 2, Radial, {0, 1, 2, 3, 4, 5, 6, 7}},
        {"FOV", 2, FieldOfView, {0}},
        {"SIMPLE_RADIAL_FISHEYE", 1, Fisheye, {0}},
        {"RADIAL_FISHEYE", 1, Fisheye, {0, 1}},
        {"THIN_PRISM_FISHEYE", 2, ThinPrism, {0, 1, 2, 3, 4, 5, 6, 7}},
    };
    return models;
}

size_t parameters_of(const CameraModel& model) {
    return model.focals + 2 + model.places.size();
}

}  // namespace

std::pair<std::string, size_t> colmap_camera_model(int64_t id) {
    check_input(id >= 0 && id < std::ssize(camera_models()),
                "it has a camera of the unknown model {}", id);
    const CameraModel& model = camera_models()[static_cast<size_t>(id)];
    return {model.name, parameters_of(model)};
}

Lens colmap_lens(const std::string& name, int64_t width, int64_t height,
                 const std::vector<double>& parameters) {
    const auto model =
        std::ranges::find_if(camera_models(), [&](const CameraModel& m) { return name == m.name; });
    check_input(
        model != camera_models().end(),
        "it has a camera of the model {}, which is not known; let COLMAP undistort the images",
        in_quotes(name));
    check_input(parameters.size() == parameters_of(*model), "it has a camera {} of {} parameters",
                model->name, parameters.size());
    check_input(std::ranges::all_of(parameters, [](double v) { return std::isfinite(v); }),
                "it has a camera that is not numbers");
    Lens lens{.camera = calibrated_camera(static_cast<double>(width), static_cast<double>(height),
                                          parameters[0], parameters[model->focals - 1]),
              .distortion = model->distortion};
    lens.camera.cx = parameters[model->focals];
    lens.camera.cy = parameters[model->focals + 1];
    for (size_t i = 0; i < model->places.size(); ++i) {
        lens.coefficients[model->places[i]] = parameters[model->focals + 2 + i];
    }
    return lens;
}

}  // namespace longtake::gaussians
