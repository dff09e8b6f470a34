#pragma once

#include <filesystem>

namespace longtake::cli {

// Says what a file of Gaussians holds: how many, their degree, where they are, bytes.
void print_cloud(const std::filesystem::path& path);

}  // namespace longtake::cli
