#include "generator/control/camera_file.h"

#include "core/error.h"
#include "core/file.h"
#include "core/npy.h"
#include "core/text.h"
#include "generator/control/camera_pose.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <span>
#include <string>

namespace longtake::generator {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int64_t kMostCameras = 100'000;
constexpr size_t kLongest = size_t{1} << 28;  // bytes of JSON

Pinhole wide_camera(const TrackFrame& take) {
    Pinhole camera{.width = take.width, .height = take.height};
    camera.fx = camera.fy = static_cast<double>(take.width);
    camera.cx = 0.5 * static_cast<double>(take.width);
    camera.cy = 0.5 * static_cast<double>(take.height);
    return camera;
}

// fx, fy, cx, cy of a picture whose middle is the principal point.
Pinhole camera_of(std::span<const double> intrinsics) {
    for (const double v : intrinsics) {
        check_input(v >= 0.5 && v < 1e6, "its intrinsics are {:.6g}", fmt::join(intrinsics, " "));
    }
    return {.width = std::llround(2 * intrinsics[2]),
            .height = std::llround(2 * intrinsics[3]),
            .fx = intrinsics[0],
            .fy = intrinsics[1],
            .cx = intrinsics[2],
            .cy = intrinsics[3]};
}

CameraPath from_arrays(const NpyArray& poses, const NpyArray& intrinsics, const TrackFrame& take) {
    const Shape& shape = poses.shape;
    check_input(shape.rank() == 3 && shape[0] > 0 && shape[0] <= kMostCameras &&
                    (shape[1] == 3 || shape[1] == 4) && shape[2] == 4,
                "its poses are {}, not [frames, 4, 4]", shape.str());
    const int64_t frames = shape[0], size = shape[1] * 4;
    const auto rows = std::ssize(intrinsics.values) / 4;
    check_input(intrinsics.values.empty() ||
                    ((rows == 1 || rows >= frames) && intrinsics.shape.back() == 4),
                "its intrinsics are {} for {} poses, not [{}, 4] or [1, 4]", intrinsics.shape.str(),
                frames, frames);
    CameraPath path;
    for (int64_t t = 0; t < frames; ++t) {
        const int64_t row = rows == 1 ? 0 : t;
        Pinhole camera =
            intrinsics.values.empty()
                ? wide_camera(take)
                : camera_of(std::span(intrinsics.values).subspan(static_cast<size_t>(4 * row), 4));
        set_pose(camera,
                 std::span(poses.values)
                     .subspan(static_cast<size_t>(t * size), static_cast<size_t>(size)),
                 CameraAxes::OpenCv);
        path.cameras.push_back(camera);
    }
    return path;
}

CameraPath from_npy(const fs::path& path, const TrackFrame& take) {
    std::string beside = path.filename().string();
    const size_t at = beside.find("poses");
    const NpyArray poses = read_npy(path);
    if (at == std::string::npos) {
        return from_arrays(poses, {}, take);
    }
    const fs::path intrinsics = path.parent_path() / beside.replace(at, 5, "intrinsics");
    return from_arrays(poses, fs::exists(intrinsics) ? read_npy(intrinsics) : NpyArray{}, take);
}

CameraPath from_npz(const fs::path& path, const TrackFrame& take) {
    const auto arrays = parse_npz(MappedFile::open(path)->bytes());
    const auto find = [&](const char* name) {
        const auto found = arrays.find(name);
        return found == arrays.end() ? NpyArray{} : found->second;
    };
    const NpyArray poses = arrays.contains("poses") ? find("poses") : find("data");
    check_input(!poses.values.empty(), "it holds no array 'poses'");
    return from_arrays(poses, find("intrinsics"), take);
}

// A vertical field of view in degrees; the picture is as high as the take's.
CameraPath from_nerfstudio(const fs::path& path, const TrackFrame& take) {
    const Json json = Json::parse(read_text(path, kLongest));
    CameraPath result{.cameras = {}, .frame_rate = json.value("fps", 0.)};
    check_input(result.frame_rate >= 0 && result.frame_rate < 1000, "its fps is {}",
                result.frame_rate);
    for (const Json& entry : json.at("camera_path")) {
        check_input(std::ssize(result.cameras) < kMostCameras, "more than {} cameras",
                    kMostCameras);
        Pinhole camera = wide_camera(take);
        const double fov = entry.value("fov", 50.);
        check_input(fov > 0.1 && fov < 179, "a field of view of {} degrees", fov);
        camera.fx = camera.fy = camera.cy / std::tan(fov / 360 * std::numbers::pi);
        set_pose(camera, entry.at("camera_to_world").get<std::vector<double>>(),
                 CameraAxes::OpenGl);
        result.cameras.push_back(camera);
    }
    check_input(!result.cameras.empty(), "it holds no cameras");
    return result;
}

CameraPath read(const fs::path& path, const TrackFrame& take) {
    if (fs::is_directory(path)) {
        return from_npy(path / "poses.npy", take);
    }
    const std::string extension = path.extension().string();
    return extension == ".npy"   ? from_npy(path, take)
           : extension == ".npz" ? from_npz(path, take)
                                 : from_nerfstudio(path, take);
}

}  // namespace

bool is_camera_path(const fs::path& path) {
    const std::string extension = path.extension().string();
    if (extension == ".json" && fs::is_regular_file(path)) {
        return read_text(path, kLongest).find("\"camera_path\"") != std::string::npos;
    }
    return extension == ".npy" || extension == ".npz" || fs::exists(path / "poses.npy");
}

CameraPath read_camera_path(const fs::path& path, const TrackFrame& take) {
    try {
        return read(path, take);
    } catch (const Json::exception& e) {
        fail_input("{}: is no camera path: {}", path.string(), one_line(e.what()));
    } catch (const InputError& e) {
        const std::string said = e.what();
        fail_input("{}", said.starts_with(path.string()) ? said : path.string() + ": " + said);
    }
}

Pinhole between(const std::vector<Pinhole>& cameras, double at) {
    const auto last = static_cast<double>(cameras.size() - 1);
    const double place = std::clamp(at, 0., last);
    const auto before = static_cast<size_t>(place);
    const double part = place - static_cast<double>(before);
    if (part < 1e-9) {
        return cameras[before];
    }
    const Pinhole &a = cameras[before], &b = cameras[before + 1];
    Pinhole camera = a;
    const auto mixed = [part](double from, double to) { return from + part * (to - from); };
    camera.fx = mixed(a.fx, b.fx);
    camera.fy = mixed(a.fy, b.fy);
    camera.cx = mixed(a.cx, b.cx);
    camera.cy = mixed(a.cy, b.cy);
    const auto from = a.centre(), to = b.centre();
    std::array<std::array<double, 3>, 3> axes;
    for (size_t i = 0; i < 3; ++i) {
        for (size_t j = 0; j < 3; ++j) {
            axes[i][j] = mixed(a.rotation[3 * i + j], b.rotation[3 * i + j]);
        }
    }
    const auto dot = [](const auto& u, const auto& v) {
        return u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
    };
    for (const size_t i : {2, 1, 0}) {  // upright to each other again, forward first
        for (size_t k = i + 1; k < 3; ++k) {
            const double along = dot(axes[i], axes[k]);
            for (size_t j = 0; j < 3; ++j) {
                axes[i][j] -= along * axes[k][j];
            }
        }
        const double length = std::sqrt(dot(axes[i], axes[i]));
        camera.translation[i] = 0;
        for (size_t j = 0; j < 3; ++j) {
            axes[i][j] /= length;
            camera.rotation[3 * i + j] = axes[i][j];
            camera.translation[i] -= axes[i][j] * mixed(from[j], to[j]);
        }
    }
    return camera;
}

Pinhole fitted(const Pinhole& camera, const TrackFrame& take) {
    const auto width = static_cast<double>(take.width), height = static_cast<double>(take.height);
    const double factor = std::max(width / static_cast<double>(camera.width),
                                   height / static_cast<double>(camera.height));
    Pinhole result = camera;
    result.width = take.width;
    result.height = take.height;
    result.fx *= factor;
    result.fy *= factor;
    result.cx = factor * camera.cx + 0.5 * (width - factor * static_cast<double>(camera.width));
    result.cy = factor * camera.cy + 0.5 * (height - factor * static_cast<double>(camera.height));
    return result;
}

}  // namespace longtake::generator
