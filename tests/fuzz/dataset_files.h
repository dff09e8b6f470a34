#pragma once

#include <span>

namespace longtake::fuzz {

// The files of a capture that an input stands for, by their names in its folder.
std::span<const char* const> dataset_files();

}  // namespace longtake::fuzz
