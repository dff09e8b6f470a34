#pragma once

#include "gaussians/scene/cloud.h"

#include <filesystem>

namespace longtake::gaussians {

// SOG version 2 (playcanvas/splat-transform): meta.json and lossless WebP images, a pixel for each
// Gaussian, in a zip archive or a folder. Axes are those of the 3DGS PLY.
// `path` is the archive, the folder or the meta.json in it.
bool is_sog(const std::filesystem::path& path);
Cloud read_sog(const std::filesystem::path& path);  // throws InputError

}  // namespace longtake::gaussians
