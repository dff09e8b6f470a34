#pragma once

#include <filesystem>
#include <string>

namespace longtake::interactive {

// "longtake-008" when the highest number of a file of such a name in the folder, with any ending,
// is 7.
std::string free_name(const std::filesystem::path& folder);

}  // namespace longtake::interactive
