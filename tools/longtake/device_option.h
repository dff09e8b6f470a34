#pragma once

#include "core/device.h"

#include <CLI/CLI.hpp>

#include <string>

namespace longtake::cli {

// --device cpu|cuda|auto, of every command that can work on a GPU.
void add_device_option(CLI::App& command, std::string& device);

// auto: the GPU where there is one. Throws InputError when one is asked for that is not there.
Device device_of(const std::string& device);

// CUDA lets eight streams run beside each other unless told otherwise before its first call: too
// few where many takes are made at a time. The user's own choice stays.
void open_gpu_queues();

}  // namespace longtake::cli
