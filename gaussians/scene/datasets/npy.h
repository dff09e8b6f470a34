#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace longtake::gaussians {

// A table of numbers that NumPy saved (numpy.lib.format): rows of equal length, '<f8' or '<f4', in
// C order. Throws InputError naming the file.
std::vector<std::vector<double>> read_npy_table(const std::filesystem::path& path);

}  // namespace longtake::gaussians
