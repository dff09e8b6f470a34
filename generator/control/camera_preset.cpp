#include "generator/control/camera_preset.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace longtake::generator {
namespace {

// What changes in a second at speed 1.
struct Preset {
    std::string_view name;
    CameraMove on_plane;           // see there
    double yaw = 0, pitch = 0;     // radians, to the right and down
    double right = 0, down = 0;    // distances to the scene
    double forward = 0, zoom = 0;  // e-fold
    double orbit = 0, roll = 0;    // radians, to the right and clockwise
};

constexpr double kCalm = 0.2;

constexpr Preset kPresets[] = {
    {.name = "pan-left", .on_plane = {.yaw = -kCalm}, .yaw = -kCalm},
    {.name = "pan-right", .on_plane = {.yaw = kCalm}, .yaw = kCalm},
    {.name = "tilt-up", .on_plane = {.pitch = -kCalm}, .pitch = -kCalm},
    {.name = "tilt-down", .on_plane = {.pitch = kCalm}, .pitch = kCalm},
    {.name = "truck-left", .on_plane = {.right = -kCalm}, .right = -kCalm},
    {.name = "truck-right", .on_plane = {.right = kCalm}, .right = kCalm},
    {.name = "pedestal-up", .on_plane = {.down = -kCalm}, .down = -kCalm},
    {.name = "pedestal-down", .on_plane = {.down = kCalm}, .down = kCalm},
    {.name = "dolly-in", .on_plane = {.forward = kCalm}, .forward = kCalm},
    {.name = "dolly-out", .on_plane = {.forward = -kCalm}, .forward = -kCalm},
    {.name = "zoom-in", .on_plane = {.forward = kCalm}, .zoom = kCalm},
    {.name = "zoom-out", .on_plane = {.forward = -kCalm}, .zoom = -kCalm},
    {.name = "orbit-left", .on_plane = {.orbit = -kCalm}, .orbit = -kCalm},
    {.name = "orbit-right", .on_plane = {.orbit = kCalm}, .orbit = kCalm},
    {.name = "roll-clockwise", .on_plane = {.roll = kCalm}, .roll = kCalm},
    {.name = "roll-counterclockwise", .on_plane = {.roll = -kCalm}, .roll = -kCalm},
};

const Preset& preset(std::string_view name) {
    const auto found = std::ranges::find(kPresets, name, &Preset::name);
    check(found != std::end(kPresets), "no camera preset {}", name);
    return *found;
}

// Rows are the camera's axes in the world after it turned right, then down, then clockwise.
std::array<double, 9> turned(double yaw, double pitch, double roll) {
    const double cy = std::cos(yaw), sy = std::sin(yaw);
    const double cp = std::cos(pitch), sp = std::sin(pitch);
    const double cr = std::cos(roll), sr = std::sin(roll);
    const std::array<double, 3> right{cy, 0, -sy}, forward{sy * cp, sp, cy * cp};
    const std::array<double, 3> down{-sy * sp, cp, -cy * sp};
    std::array<double, 9> rotation{};
    for (size_t i = 0; i < 3; ++i) {
        rotation[i] = cr * right[i] + sr * down[i];
        rotation[3 + i] = cr * down[i] - sr * right[i];
        rotation[6 + i] = forward[i];
    }
    return rotation;
}

}  // namespace

Pinhole moved(const Pinhole& camera, const CameraMove& move, double distance, double seconds) {
    const double orbit = move.orbit * seconds;
    const auto turn = turned(move.yaw * seconds - orbit, move.pitch * seconds, move.roll * seconds);
    const std::array<double, 3> by{
        distance * (move.right * seconds + std::sin(orbit)), distance * move.down * seconds,
        distance * (1 - std::exp(-move.forward * seconds) + 1 - std::cos(orbit))};
    Pinhole result = camera;
    for (size_t i = 0; i < 3; ++i) {
        result.translation[i] = 0;
        for (size_t j = 0; j < 3; ++j) {
            result.rotation[3 * i + j] = 0;
            for (size_t k = 0; k < 3; ++k) {
                result.rotation[3 * i + j] += turn[3 * i + k] * camera.rotation[3 * k + j];
            }
            result.translation[i] += turn[3 * i + j] * (camera.translation[j] - by[j]);
        }
    }
    return result;
}

bool is_camera_preset(std::string_view name) {
    return std::ranges::find(kPresets, name, &Preset::name) != std::end(kPresets);
}

std::string camera_preset_names() {
    std::string names;
    for (const Preset& p : kPresets) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", p.name);
    }
    return names;
}

CameraMove camera_move_of(std::string_view name, double speed) {
    CameraMove move = preset(name).on_plane;
    for (double* rate : {&move.right, &move.down, &move.forward, &move.yaw, &move.pitch,
                         &move.orbit, &move.roll}) {
        *rate *= speed;
    }
    return move;
}

std::vector<Pinhole> camera_path_of(std::string_view name, double speed, double distance,
                                    int64_t frames, const TrackFrame& take) {
    const Preset& p = preset(name);
    std::vector<Pinhole> cameras;
    for (int64_t t = 0; t < frames; ++t) {
        const double by = speed * static_cast<double>(t) / take.frame_rate;
        Pinhole camera{.width = take.width, .height = take.height};
        camera.fx = camera.fy = static_cast<double>(take.width) * std::exp(p.zoom * by);
        camera.cx = 0.5 * static_cast<double>(take.width);
        camera.cy = 0.5 * static_cast<double>(take.height);
        // It orbits by going aside and turning back.
        const double orbit = p.orbit * by;
        camera.rotation = turned(p.yaw * by - orbit, p.pitch * by, p.roll * by);
        const std::array<double, 3> centre{
            distance * (p.right * by + std::sin(orbit)), distance * p.down * by,
            distance * (1 - std::exp(-p.forward * by) + 1 - std::cos(orbit))};
        for (size_t i = 0; i < 3; ++i) {
            for (size_t j = 0; j < 3; ++j) {
                camera.translation[i] -= camera.rotation[3 * i + j] * centre[j];
            }
        }
        cameras.push_back(camera);
    }
    return cameras;
}

}  // namespace longtake::generator
