#pragma once

#include "gaussians/formats/ply_file.h"
#include "gaussians/scene/cloud.h"

#include <filesystem>

namespace longtake::gaussians {

// 3DGS PLY as of graphdeco-inria/gaussian-splatting: a float per property, in any order, with any
// others beside them; f_rest_* channel by channel. Axes are the Cloud's.
Cloud read_ply(const PlyFile& file);  // throws InputError

void write_ply(const std::filesystem::path& path, const Cloud& cloud);

}  // namespace longtake::gaussians
