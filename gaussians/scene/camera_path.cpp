#include "gaussians/scene/camera_path.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "gaussians/scene/vec3.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longtake::gaussians {
namespace {

using Json = nlohmann::json;

constexpr Vec3 kUp{0, -1, 0};
constexpr double kDegree = std::numbers::pi / 180;
constexpr double kOrbitSeconds = 8, kOrbitElevation = 12 * kDegree, kOrbitView = 40 * kDegree;
constexpr double kMargin = 1.25;    // around the bulk of the scene
constexpr double kMaxFrames = 1e6;  // of a path

int64_t frames_of(double seconds, const PathSampling& sampling) {
    const double frames = std::round(seconds * sampling.frame_rate);
    check_input(frames <= kMaxFrames, "a camera path of {:.3g} frames is too long", frames);
    return std::max<int64_t>(1, static_cast<int64_t>(frames));
}

// What moves: position, target and field of view side by side.
using State = std::array<double, 7>;
State state_of(const PathKey& key) {
    const auto &p = key.position, &t = key.target;
    return {p[0], p[1], p[2], t[0], t[1], t[2], key.field_of_view};
}

// Slope at keyframe i: that of its neighbours (Catmull-Rom with unequal times).
double slope(const std::vector<PathKey>& keys, size_t i, size_t part) {
    const PathKey &before = keys[i == 0 ? 0 : i - 1],
                  &after = keys[std::min(i + 1, keys.size() - 1)];
    return (state_of(after)[part] - state_of(before)[part]) / (after.time - before.time);
}

PathKey read_keyframe(const Json& json) {
    const auto position = json.at("position").get<Vec3>(), target = json.at("target").get<Vec3>();
    const double degrees = json.value("fov", 50.);
    check_input(degrees >= 1 && degrees <= 170, "a field of view of {} degrees", degrees);
    check_input(position != target, "a keyframe looks at where it stands");
    return {json.at("time").get<double>(), position, target, degrees * kDegree};
}

std::vector<PathKey> read_keyframes(const Json& json) {
    std::vector<PathKey> keys;
    for (const Json& entry : json.at("keyframes")) {
        keys.push_back(read_keyframe(entry));
        check_input(keys.size() == 1 || keys.back().time > keys[keys.size() - 2].time,
                    "keyframe {} does not come after the one before", keys.size() - 1);
    }
    check_input(!keys.empty(), "there are no keyframes");
    return keys;
}

std::vector<Camera> cameras_along(const Json& path, const PathSampling& sampling) {
    const Vec3 up = path.value("up", kUp);
    check_input(dot(up, up) > 0, "\"up\" has no direction");
    const auto keys = read_keyframes(path);
    const double own = keys.back().time - keys.front().time;
    const int64_t frames = frames_of(sampling.seconds.value_or(own), sampling);
    std::vector<Camera> cameras;
    for (int64_t i = 0; i < frames; ++i) {
        const double share =
            frames == 1 ? 0. : static_cast<double>(i) / static_cast<double>(frames - 1);
        const PathKey key = along_path(keys, keys.front().time + share * own);
        cameras.push_back(look_at(key.position, key.target, up, key.field_of_view, sampling.width,
                                  sampling.height));
    }
    return cameras;
}

std::vector<PathKey> keys_past(const std::vector<Camera>& cameras) {
    const double last = std::max(1., static_cast<double>(cameras.size()) - 1);
    std::vector<PathKey> keys;
    for (size_t i = 0; i < cameras.size(); ++i) {
        const Camera& camera = cameras[i];
        const auto& r = camera.rotation;  // rows: right, down, forward
        const Vec3 centre = camera.centre();
        keys.push_back({kOrbitSeconds * static_cast<double>(i) / last,
                        centre,
                        {centre[0] + r[6], centre[1] + r[7], centre[2] + r[8]},
                        2 * std::atan(0.5 * static_cast<double>(camera.height) / camera.fy)});
    }
    return keys;
}

Json json_of(const std::vector<PathKey>& path, const Vec3& up) {
    Json keys = Json::array();
    for (const PathKey& key : path) {
        keys.push_back({{"time", key.time},
                        {"position", key.position},
                        {"target", key.target},
                        {"fov", key.field_of_view / kDegree}});
    }
    return {{"up", up}, {"keyframes", keys}};
}

Json path_past(const std::vector<Camera>& cameras) {
    return json_of(keys_past(cameras), up_of(cameras));
}

void write(const std::filesystem::path& path, Json json, double near) {
    json["near"] = near;
    AtomicFile file(path);
    file.write(json.dump(2) + "\n");
    file.commit();
}

}  // namespace

PathKey along_path(const std::vector<PathKey>& keys, double time) {
    const auto next = std::ranges::upper_bound(keys, time, {}, &PathKey::time);
    if (next == keys.begin() || next == keys.end()) {
        return next == keys.begin() ? keys.front() : keys.back();
    }
    const auto i = static_cast<size_t>(next - keys.begin()) - 1;
    const double span = keys[i + 1].time - keys[i].time, t = (time - keys[i].time) / span;
    State s = state_of(keys[i]);
    const State after = state_of(keys[i + 1]);
    for (size_t part = 0; part < s.size(); ++part) {
        s[part] +=
            t * t * (3 - 2 * t) * (after[part] - s[part]) +
            span * t * (1 - t) * ((1 - t) * slope(keys, i, part) - t * slope(keys, i + 1, part));
    }
    return {time, {s[0], s[1], s[2]}, {s[3], s[4], s[5]}, s[6]};
}

// Across all of their rights where these differ enough, else against their downs.
Vec3 up_of(const std::vector<Camera>& cameras) {
    const auto row = [](const Camera& camera, size_t i) {
        return Vec3{camera.rotation[3 * i], camera.rotation[3 * i + 1], camera.rotation[3 * i + 2]};
    };
    Vec3 against{}, across{};
    for (const Camera& camera : cameras) {
        against = plus(against, row(camera, 1), -1);
    }
    for (const Camera& camera : cameras) {
        const Vec3 c = cross(row(cameras[0], 0), row(camera, 0));
        across = plus(across, c, dot(c, against) < 0 ? -1 : 1);
    }
    constexpr double kEnough = 0.1;  // radians, on average
    const auto count = static_cast<double>(cameras.size());
    if (dot(across, across) > kEnough * kEnough * count * count) {
        return unit(across);
    }
    return dot(against, against) > 1e-6 ? unit(against) : kUp;
}

Camera look_at(const Vec3& position, const Vec3& target, const Vec3& up, double field_of_view,
               int64_t width, int64_t height) {
    const Vec3 forward = unit(minus(target, position));
    Vec3 right = cross(forward, up);
    if (dot(right, right) < 1e-12 * dot(up, up)) {  // straight up or down
        right = cross(forward, std::abs(forward[0]) < 0.9 ? Vec3{1, 0, 0} : Vec3{0, 0, 1});
    }
    right = unit(right);
    const Vec3 down = cross(forward, right);
    Camera camera{.width = width, .height = height};
    camera.cx = 0.5 * static_cast<double>(width);
    camera.cy = 0.5 * static_cast<double>(height);
    camera.fx = camera.fy = camera.cy / std::tan(0.5 * field_of_view);
    const Mat3 rows{right, down, forward};
    for (size_t i = 0; i < 3; ++i) {
        std::ranges::copy(rows[i], camera.rotation.begin() + static_cast<std::ptrdiff_t>(3 * i));
        camera.translation[i] = -dot(rows[i], position);
    }
    return camera;
}

std::vector<Camera> orbit(const Extent& extent, const PathSampling& sampling) {
    const double narrow =
        std::min(1., static_cast<double>(sampling.width) / static_cast<double>(sampling.height));
    const double half = std::atan(narrow * std::tan(0.5 * kOrbitView));
    const double distance = std::max(1e-3, kMargin * extent.radius) / std::sin(half);
    const int64_t frames = frames_of(sampling.seconds.value_or(kOrbitSeconds), sampling);
    std::vector<Camera> cameras;
    for (int64_t i = 0; i < frames; ++i) {
        const double turn =
            2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(frames);
        const double level = distance * std::cos(kOrbitElevation);
        const Vec3 position{extent.centre[0] + level * std::sin(turn),
                            extent.centre[1] - distance * std::sin(kOrbitElevation),
                            extent.centre[2] - level * std::cos(turn)};
        cameras.push_back(
            look_at(position, extent.centre, kUp, kOrbitView, sampling.width, sampling.height));
    }
    return cameras;
}

std::vector<Camera> read_camera_path(const std::filesystem::path& path,
                                     const PathSampling& sampling) {
    try {
        return cameras_along(Json::parse(read_text(path)), sampling);
    } catch (const Json::exception& e) {
        fail_input("{}: is no camera path: {}", path.string(), one_line(e.what()));
    } catch (const InputError& e) {
        fail_input("{}: {}", path.string(), e.what());
    }
}

std::vector<Camera> way_past(const std::vector<Camera>& cameras, const PathSampling& sampling) {
    return cameras_along(path_past(cameras), sampling);
}

void write_camera_path(const std::filesystem::path& path, const std::vector<Camera>& cameras,
                       double near) {
    write(path, path_past(cameras), near);
}

void write_camera_path(const std::filesystem::path& path, const std::vector<PathKey>& keys,
                       const Vec3& up, double near) {
    write(path, json_of(keys, up), near);
}

std::optional<double> near_of_camera_path(const std::filesystem::path& path) {
    try {
        const Json json = Json::parse(read_text(path));
        if (!json.contains("near")) {
            return std::nullopt;
        }
        const double near = json.at("near").get<double>();
        check_input(near > 0 && std::isfinite(near), "{}: \"near\" is {}", path.string(), near);
        return near;
    } catch (const Json::exception& e) {
        fail_input("{}: is no camera path: {}", path.string(), one_line(e.what()));
    }
}

std::filesystem::path camera_path_of(const std::filesystem::path& cloud) {
    return std::filesystem::path(cloud).replace_extension(".path.json");
}

}  // namespace longtake::gaussians
