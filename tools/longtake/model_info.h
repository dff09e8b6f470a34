#pragma once

#include <filesystem>

namespace longtake::cli {

// Loads the model, as `generate` would, and says what it is.
void print_model(const std::filesystem::path& folder);

}  // namespace longtake::cli
