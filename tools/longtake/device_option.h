#pragma once

#include "core/device.h"

#include <CLI/CLI.hpp>

#include <string>

namespace longtake::cli {

// --device cpu|cuda|auto, of every command that can work on a GPU.
void add_device_option(CLI::App& command, std::string& device);

// auto: the GPU where there is one. Throws InputError when one is asked for that is not there.
Device device_of(const std::string& device);

}  // namespace longtake::cli
