#pragma once

#include "gaussians/formats/ply_file.h"
#include "gaussians/scene/cloud.h"

namespace longtake::gaussians {

// PlayCanvas's compressed PLY: chunks of 256 Gaussians with their ranges, four packed words for
// each Gaussian, and optionally its spherical harmonics in bytes (playcanvas/splat-transform,
// src/lib/readers/decompress-ply.ts). Axes are those of the 3DGS PLY.
bool is_compressed_ply(const PlyFile& file);
Cloud read_compressed_ply(const PlyFile& file);  // throws InputError

}  // namespace longtake::gaussians
