#pragma once

#include "gaussians/scene/camera.h"
#include "gaussians/scene/extent.h"

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

namespace longtake::gaussians {

// How a path becomes cameras: one for each frame.
struct PathSampling {
    int64_t width = 0, height = 0;  // pixels
    double frame_rate = 30;
    std::optional<double> seconds{};  // the path is stretched to this length; else its own
};

// A place of a path.
struct PathKey {
    double time = 0;  // seconds
    std::array<double, 3> position{}, target{};
    double field_of_view = 0;  // the vertical one, radians
};
// The smooth way through keys of rising times, of which there is one at least; it ends at the first
// and the last.
PathKey along_path(const std::vector<PathKey>& keys, double time);

// At `position`, with `target` in the middle and `up` upwards; the field of view is the vertical
// one, in radians.
Camera look_at(const std::array<double, 3>& position, const std::array<double, 3>& target,
               const std::array<double, 3>& up, double field_of_view, int64_t width,
               int64_t height);

// Once around the bulk of a scene, all of which is seen from a little above; 8 seconds long.
std::vector<Camera> orbit(const Extent& extent, const PathSampling& sampling);

// A smooth path through keyframes of a JSON file:
//   {"up": [0, -1, 0],
//    "keyframes": [{"time": 0, "position": [0, 0, -4], "target": [0, 0, 0], "fov": 50}, ...]}
// Times in seconds, rising; the field of view is the vertical one in degrees. "up" and "fov" may be
// left out. Throws InputError naming the file.
std::vector<Camera> read_camera_path(const std::filesystem::path& path,
                                     const PathSampling& sampling);

// The way past the cameras of a capture, in their order; as long as an orbit. It is level where
// they are.
std::vector<Camera> way_past(const std::vector<Camera>& cameras, const PathSampling& sampling);
// The same as such a file.
// "near" says how many scene units before a camera were left empty.
void write_camera_path(const std::filesystem::path& path, const std::vector<Camera>& cameras,
                       double near);
void write_camera_path(const std::filesystem::path& path, const std::vector<PathKey>& keys,
                       const std::array<double, 3>& up, double near);
// What is up for the cameras of a capture, which are held level.
std::array<double, 3> up_of(const std::vector<Camera>& cameras);
// What such a file says of it; nothing when it does not.
std::optional<double> near_of_camera_path(const std::filesystem::path& path);
// Where the way past the cameras lies that a file of Gaussians was learnt from: NAME.path.json.
std::filesystem::path camera_path_of(const std::filesystem::path& cloud);

}  // namespace longtake::gaussians
