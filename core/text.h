#pragma once

#include <string>
#include <string_view>

namespace longtake {

// A name from a file, fit for a one-line message: in quotes, escaped, cut when it is long.
std::string in_quotes(std::string_view name);

// The same without the quotes.
std::string one_line(std::string_view name);

}  // namespace longtake
