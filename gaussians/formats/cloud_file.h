#pragma once

#include "gaussians/scene/cloud.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace longtake::gaussians {

// What a file of Gaussians holds, and what it is called.
struct CloudFile {
    std::string format;  // "3DGS PLY", "SPZ 4", ...
    Cloud cloud;
};

// Whether the content is that of a file of Gaussians, whatever its name: 3DGS PLY, PlayCanvas
// compressed PLY, SPZ, SOG (a file, a folder or its meta.json). Its rest may still be damaged.
bool is_cloud_file(const std::filesystem::path& path);

// Throws InputError naming the file. Sizes that a header promises are checked against the bytes
// that back them before memory is taken. Gaussians that are not numbers are dropped with a warning.
CloudFile read_cloud_file(const std::filesystem::path& path);
Cloud read_cloud(const std::filesystem::path& path);

// Whether `write_cloud` knows the extension.
bool is_cloud_name(const std::filesystem::path& path);

// .ply: 3DGS PLY, exact. .spz: SPZ 4, quantized. The file appears whole or not at all.
void write_cloud(const std::filesystem::path& path, const Cloud& cloud);

}  // namespace longtake::gaussians
