#pragma once

#include "gaussians/scene/points.h"

#include <filesystem>

namespace longtake::gaussians {

// Points of a binary PLY: x, y, z, and red, green, blue of 0..255 where it has them; grey without.
// Throws InputError naming the file.
Points read_points(const std::filesystem::path& path);

}  // namespace longtake::gaussians
