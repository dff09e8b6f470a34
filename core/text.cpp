#include "core/text.h"

#include <nlohmann/json.hpp>

namespace longtake {

std::string in_quotes(std::string_view name) {
    using nlohmann::json;
    return json(std::string(name.substr(0, 80)))
        .dump(-1, ' ', true, json::error_handler_t::replace);
}

std::string one_line(std::string_view name) {
    const std::string quoted = in_quotes(name);
    return quoted.substr(1, quoted.size() - 2);
}

}  // namespace longtake
