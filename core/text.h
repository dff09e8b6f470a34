#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace longtake {

// A name from a file, fit for a one-line message: in quotes, escaped, cut when it is long.
inline std::string in_quotes(std::string_view name) {
    using nlohmann::json;
    return json(std::string(name.substr(0, 80)))
        .dump(-1, ' ', true, json::error_handler_t::replace);
}

// The same without the quotes.
inline std::string one_line(std::string_view name) {
    const std::string quoted = in_quotes(name);
    return quoted.substr(1, quoted.size() - 2);
}

}  // namespace longtake
