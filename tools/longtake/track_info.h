#pragma once

#include <string>

namespace longtake::cli {

// What a file of tracks does not say, because its format cannot.
struct TrackAssumptions {
    std::string size = "832x480";  // of the picture that its places are in
    double frame_rate = 16;
};

// Of a file of tracks: how many, how long, where; and a picture of them, unless that is empty.
void print_tracks(const std::string& path, const std::string& picture,
                  const TrackAssumptions& otherwise);

// A file of tracks as another, of any two formats.
void convert_tracks(const std::string& input, const std::string& output,
                    const TrackAssumptions& otherwise);

}  // namespace longtake::cli
