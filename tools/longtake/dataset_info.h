#pragma once

#include <filesystem>
#include <string>

namespace longtake::cli {

// Says what a dataset holds. With a `picture`, a PNG is drawn: the cameras and points from the side
// and from above, and below them what each camera saw first, in a frame of the camera's colour.
void print_dataset(const std::filesystem::path& path, const std::string& picture);

}  // namespace longtake::cli
