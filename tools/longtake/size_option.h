#pragma once

#include <string>
#include <utility>

namespace longtake::cli {

// Width and height of "1280x720"; throws InputError, naming --size, for anything else.
std::pair<int, int> parse_size(const std::string& text);

}  // namespace longtake::cli
