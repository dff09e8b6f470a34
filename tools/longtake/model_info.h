#pragma once

#include <filesystem>

namespace longtake::cli {

// Says what a model folder holds, part by part, what it lacks and how to mend it, without reading
// the weights themselves. Throws InputError at the end when no video can be made with it.
void print_model(const std::filesystem::path& folder);

// Lists the tensors of one checkpoint.
void print_tensors(const std::filesystem::path& path);

}  // namespace longtake::cli
