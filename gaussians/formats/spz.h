#pragma once

#include "gaussians/scene/cloud.h"

#include <cstddef>
#include <filesystem>
#include <span>

namespace longtake::gaussians {

// SPZ (nianticlabs/spz): 24-bit positions, bytes for the rest. Its axes are right, up, back; the
// Cloud's are right, down, front, so everything is turned by half a turn about x.
bool is_spz(std::span<const std::byte> bytes);

// Versions 1 to 4; coefficients of degree 4 are left out. Throws InputError.
struct SpzCloud {
    int version;
    Cloud cloud;
};
SpzCloud read_spz(std::span<const std::byte> bytes);

// Version 4. Positions get 12 bits behind the point, or as many as the farthest leaves.
void write_spz(const std::filesystem::path& path, const Cloud& cloud);

}  // namespace longtake::gaussians
