#include "core/error.h"
#include "core/npy.h"
#include "gaussians/formats/points_file.h"
#include "gaussians/scene/datasets/calibrated_camera.h"
#include "gaussians/scene/datasets/layouts.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPoses = "poses_bounds.npy";
constexpr const char* kPoints = "points3D_downsample2.ply";  // as 4DGaussians and QUEEN leave it
constexpr size_t kColumns = 17;  // 3x5 numbers row by row, and the bounds of the depth

fs::path folder_of(const fs::path& path) {
    return path.filename() == kPoses ? path.parent_path() / "." : path;
}

// One for each camera, sorted by name.
std::vector<CapturedView> find_cameras(const fs::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().filename().string().starts_with("cam")) {
            names.insert(entry.path().stem().string());
        }
    }
    std::vector<CapturedView> views;
    for (const std::string& name : names) {
        if (auto pictures = PictureSource::find(folder, name); !pictures.empty()) {
            views.push_back({.name = name, .lens = {}, .pictures = std::move(pictures)});
        }
    }
    if (views.empty()) {
        for (const fs::path& image : images_in(folder / "images")) {
            views.push_back(
                {.name = image.stem().string(), .lens = {}, .pictures = PictureSource({image})});
        }
    }
    return views;
}

std::vector<std::vector<double>> rows_of(const NpyArray& table) {
    check_input(table.shape.rank() == 2 && table.shape[1] == kColumns,
                "it is an array of {}; cameras are rows of {} numbers", table.shape.str(),
                kColumns);
    std::vector<std::vector<double>> rows;
    for (auto row = table.values.begin(); row != table.values.end(); row += kColumns) {
        rows.emplace_back(row, row + kColumns);
    }
    return rows;
}

// Columns of the 3x5: down, right and back of the camera in the world, its place, and height, width
// and focal length.
Camera camera_of(const std::vector<double>& row) {
    check_input(std::ranges::all_of(row, [](double v) { return std::isfinite(v); }),
                "it has a camera that is not numbers");
    Camera camera = calibrated_camera(row[9], row[4], row[14], row[14]);
    for (size_t axis = 0; axis < 3; ++axis) {  // right, down, forward
        const size_t column = axis == 0 ? 1 : axis == 1 ? 0 : 2;
        for (size_t k = 0; k < 3; ++k) {
            camera.rotation[3 * axis + k] = (axis == 2 ? -1 : 1) * row[5 * k + column];
            camera.translation[axis] -= camera.rotation[3 * axis + k] * row[5 * k + 3];
        }
    }
    return camera;
}

}  // namespace

bool is_n3dv(const fs::path& path) {
    return fs::exists(folder_of(path) / kPoses);
}

Capture read_n3dv(const fs::path& path) {
    const fs::path folder = folder_of(path), poses = folder / kPoses;
    const auto table = read_npy(poses);
    Capture capture{.layout = kPoses, .views = find_cameras(folder), .points = {}};
    try {
        const auto rows = rows_of(table);
        if (capture.views.empty()) {
            for (size_t i = 0; i < rows.size(); ++i) {
                capture.views.push_back(
                    {.name = fmt::format("cam{:02}", i), .lens = {}, .pictures = {}});
            }
        }
        check_input(rows.size() == capture.views.size() && !rows.empty(),
                    "it has {} rows of {} numbers; {} rows of {} belong to the cameras there",
                    rows.size(), kColumns, capture.views.size(), kColumns);
        for (size_t i = 0; i < rows.size(); ++i) {
            capture.views[i].lens.camera = camera_of(rows[i]);
        }
    } catch (const InputError& e) {
        fail_input("{}: {}", poses.string(), e.what());
    }
    if (fs::exists(folder / kPoints)) {
        capture.points = read_points(folder / kPoints);
    }
    return capture;
}

}  // namespace longtake::gaussians
