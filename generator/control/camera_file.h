#pragma once

#include "core/pinhole.h"
#include "generator/tracks/track_file.h"

#include <filesystem>
#include <vector>

namespace longtake::generator {

// A camera a frame, of any picture, at a rate of its own.
struct CameraPath {
    std::vector<Pinhole> cameras;
    double frame_rate = 0;  // 0: the take's
};

// Reads a path of one of these; throws InputError naming the file.
//   .npy   LingBot: poses.npy [F, 4, 4], camera to world in OpenCV's axes, and beside it
//          intrinsics.npy [F, 4] or [1, 4] of fx, fy, cx, cy; the folder of both does as well
//   .npz   the same as arrays `poses` (or `data`, as ViPE saves them) and `intrinsics`
//   .json  nerfstudio's "camera_path": camera_to_world in OpenGL's axes, vertical fov, fps
// Where intrinsics are missing, the picture is as wide as what it shows is far.
CameraPath read_camera_path(const std::filesystem::path& path, const TrackFrame& take);
bool is_camera_path(const std::filesystem::path& path);

// Between two cameras of a path, which look nearly the same way: carried straight, turned evenly.
Pinhole between(const std::vector<Pinhole>& cameras, double at);
// For pictures of the take's size, as `--image` fits them: covered, the middle cut out.
Pinhole fitted(const Pinhole& camera, const TrackFrame& take);

}  // namespace longtake::generator
