#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longtake::cli {

// The folders that may hold our data, best first: $LONGTAKE_ASSETS, beside an installed program,
// the source tree the program was built from.
std::vector<std::filesystem::path> assets_folders();

// `given`, or the bundled model when it is empty. Throws InputError when it is not there.
std::filesystem::path find_model(const std::string& given);

}  // namespace longtake::cli
