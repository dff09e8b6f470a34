#pragma once

#include <optional>
#include <string_view>

namespace longtake::generator {

// Seconds from "90", "90s", "1.5s", "2m", "1m30s", "1h5m", "01:30" or "1:02:03"; nothing when the
// text is none of these.
std::optional<double> parse_time(std::string_view text);

}  // namespace longtake::generator
