#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace longtake::generator {

// Names one block of noise. The same key gives the same numbers, whoever asks and when.
struct NoiseKey {
    uint64_t seed = 0;
    uint64_t chunk = 0;
    uint32_t step = 0;
};

// Standard normal numbers.
void fill_gaussian(const NoiseKey& key, std::span<float> values);

// The counter-based generator below it: Philox 4x32 with ten rounds.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace longtake::generator
