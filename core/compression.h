#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace longtake {

// The readers give exactly `size` bytes and throw InputError where there are fewer; what follows is
// left alone. Memory is taken as the bytes arrive, whatever `size` promises.
std::vector<std::byte> gunzip(std::span<const std::byte> bytes, size_t size);
std::vector<std::byte> inflate_raw(std::span<const std::byte> bytes, size_t size);
std::vector<std::byte> unzstd(std::span<const std::byte> bytes, size_t size);

std::vector<std::byte> zstd(std::span<const std::byte> bytes);

}  // namespace longtake
