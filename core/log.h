#pragma once

#include <spdlog/spdlog.h>

namespace longtake {

// Sends spdlog's default logger to stderr: plain text at info, the level's name in front of
// everything else, and the time of day when `level` is debug or finer. Call once, from main.
void setup_logging(spdlog::level::level_enum level);

}  // namespace longtake
