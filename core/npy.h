#pragma once

#include "core/tensor.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace longtake {

// An array of numbers as NumPy saves it (numpy.lib.format).
struct NpyArray {
    Shape shape;
    std::vector<double> values;  // row-major, whatever type they were saved in
};

// Throws InputError saying what is wrong: little-endian floats, integers and booleans in C order
// are read.
NpyArray parse_npy(std::span<const std::byte> bytes);
// The same, naming the file.
NpyArray read_npy(const std::filesystem::path& path);

std::vector<std::byte> to_npy(const Shape& shape, std::span<const float> values);
std::vector<std::byte> to_npy(const Shape& shape, std::span<const int32_t> values);
std::vector<std::byte> to_npy(const Shape& shape, std::span<const bool> values);

// Arrays by name: a zip archive of .npy files, as numpy.savez and numpy.savez_compressed write it.
// Throws InputError saying what is wrong.
std::map<std::string, NpyArray> parse_npz(std::span<const std::byte> bytes);
// Stored, not compressed. The file appears whole or not at all.
void write_npz(const std::filesystem::path& path,
               const std::map<std::string, std::vector<std::byte>>& arrays);

}  // namespace longtake
