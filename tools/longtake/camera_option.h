#pragma once

#include "core/pinhole.h"
#include "generator/tracks/track_file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace longtake::cli {

// How a camera's path is taken.
struct PathUse {
    double scale = 1;  // of its scene units
    double speed = 1;
};

// The cameras of a file in any convention, for every frame of the take until the path ends, `most`
// at most; throws InputError naming the file.
std::vector<Pinhole> cameras_of_file(const std::string& path, const PathUse& use, int64_t most,
                                     const generator::TrackFrame& take);

}  // namespace longtake::cli
