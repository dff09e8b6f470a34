#pragma once

#include "generator/tracks/tracks.h"

#include <filesystem>
#include <string>
#include <vector>

namespace longtake::generator {

// What a chunk was asked to follow, from a frame of its take on.
struct TrackedChunk {
    int64_t frame = 0;
    Tracks tracks;
};

// A take's tracks beside its record: a line of JSON for each chunk that had any, so that one more
// is added without touching those before. Places come back to the bit.
std::string line_of(const TrackedChunk& chunk);
// Throws InputError naming the file; a last line that is not whole does not count.
std::vector<TrackedChunk> read_track_log(const std::filesystem::path& path);

}  // namespace longtake::generator
