#pragma once

#include <string>

namespace longtake::cli {

// Throws InputError, naming the option, when a file cannot be made at `path`; better now than when
// there is something to write. An empty path is no output.
void check_writable(const std::string& option, const std::string& path);

}  // namespace longtake::cli
