#pragma once

#include <string>
#include <vector>

namespace longtake::cli {

// A file of prompts, one a line; empty lines and lines that begin with '#' do not count. Throws
// InputError when there are none.
std::vector<std::string> read_prompt_lines(const std::string& path);

}  // namespace longtake::cli
