#include "gaussians/scene/camera_path.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "gaussians/scene/small_matrix.h"

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

// What moves: position, target and field of view side by side.
using State = std::array<double, 7>;
struct Keyframe {
    double time;
    State state;
};

Vec3 plus(const Vec3& a, const Vec3& b, double times = 1) {
    return {a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]};
}

Vec3 minus(const Vec3& a, const Vec3& b) {
    return plus(a, b, -1);
}

Vec3 cross(const Vec3& a, const Vec3& b) {
    return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

Vec3 unit(const Vec3& v) {
    const double length = std::sqrt(dot(v, v));
    return {v[0] / length, v[1] / length, v[2] / length};
}

int64_t frames_of(double seconds, const PathSampling& sampling) {
    const double frames = std::round(seconds * sampling.frame_rate);
    check_input(frames <= kMaxFrames, "a camera path of {:.3g} frames is too long", frames);
    return std::max<int64_t>(1, static_cast<int64_t>(frames));
}

// Slope at keyframe i: that of its neighbours (Catmull-Rom with unequal times).
double slope(const std::vector<Keyframe>& keys, size_t i, size_t part) {
    const Keyframe &before = keys[i == 0 ? 0 : i - 1],
                   &after = keys[std::min(i + 1, keys.size() - 1)];
    return (after.state[part] - before.state[part]) / (after.time - before.time);
}

State state_at(const std::vector<Keyframe>& keys, double time) {
    const auto next = std::ranges::upper_bound(keys, time, {}, &Keyframe::time);
    if (next == keys.begin() || next == keys.end()) {
        return next == keys.begin() ? keys.front().state : keys.back().state;
    }
    const auto i = static_cast<size_t>(next - keys.begin()) - 1;
    const double span = keys[i + 1].time - keys[i].time, t = (time - keys[i].time) / span;
    State state{};
    for (size_t part = 0; part < state.size(); ++part) {
        const double a = keys[i].state[part], b = keys[i + 1].state[part];
        state[part] =
            a + t * t * (3 - 2 * t) * (b - a) +
            span * t * (1 - t) * ((1 - t) * slope(keys, i, part) - t * slope(keys, i + 1, part));
    }
    return state;
}

// What is up for cameras that are held level: across all of their rights where these differ enough,
// else against their downs.
Vec3 common_up(const std::vector<Camera>& cameras) {
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

Keyframe read_keyframe(const Json& json) {
    const auto position = json.at("position").get<Vec3>(), target = json.at("target").get<Vec3>();
    const double degrees = json.value("fov", 50.);
    check_input(degrees >= 1 && degrees <= 170, "a field of view of {} degrees", degrees);
    check_input(position != target, "a keyframe looks at where it stands");
    Keyframe key{json.at("time").get<double>(), {}};
    std::ranges::copy(position, key.state.begin());
    std::ranges::copy(target, key.state.begin() + 3);
    key.state[6] = degrees * kDegree;
    return key;
}

std::vector<Keyframe> read_keyframes(const Json& json) {
    std::vector<Keyframe> keys;
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
        const State s = state_at(keys, keys.front().time + share * own);
        cameras.push_back(look_at({s[0], s[1], s[2]}, {s[3], s[4], s[5]}, up, s[6], sampling.width,
                                  sampling.height));
    }
    return cameras;
}

Json path_past(const std::vector<Camera>& cameras) {
    const double last = std::max(1., static_cast<double>(cameras.size()) - 1);
    Json keys = Json::array();
    for (size_t i = 0; i < cameras.size(); ++i) {
        const Camera& camera = cameras[i];
        const auto& r = camera.rotation;  // rows: right, down, forward
        const Vec3 centre = camera.centre();
        keys.push_back(
            {{"time", kOrbitSeconds * static_cast<double>(i) / last},
             {"position", centre},
             {"target", Vec3{centre[0] + r[6], centre[1] + r[7], centre[2] + r[8]}},
             {"fov",
              2 / kDegree * std::atan(0.5 * static_cast<double>(camera.height) / camera.fy)}});
    }
    return {{"up", common_up(cameras)}, {"keyframes", keys}};
}

}  // namespace

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
    Json json = path_past(cameras);
    json["near"] = near;
    AtomicFile file(path);
    file.write(json.dump(2) + "\n");
    file.commit();
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
