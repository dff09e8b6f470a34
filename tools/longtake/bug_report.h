#pragma once

#include <filesystem>
#include <string>

namespace longtake::cli {

// Without what says whose machine this is: of paths the last name is left.
std::string without_paths(std::string text);

// What a bug report needs: the program and how it was built, the system, `findings` of `doctor`,
// and the libraries in use with their versions. No names of users or folders, no prompts, nothing
// of the environment.
void write_bug_report(const std::filesystem::path& path, const std::string& findings);

}  // namespace longtake::cli
