#pragma once

#include "core/tensor.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace longtake::generator {

// Where a chunk's noise comes from.
class NoiseSource {
  public:
    virtual ~NoiseSource() = default;
    // Fills noise [F, C, h, w] fp32 for one step of a chunk. Step 0 is what the chunk starts from;
    // step i > 0 is added before the i-th pass after it. `first_frame` counts latent frames since
    // the start of the take. Any chunk can be asked for again.
    virtual void fill(int64_t chunk, int64_t first_frame, int step, Tensor& noise) const = 0;
};

std::unique_ptr<const NoiseSource> make_seeded_noise(uint64_t seed);

// From a safetensors file with `noise` [frames, C, h, w] and, for the later steps, `renoise`
// [steps - 1, frames, C, h, w]; without `renoise` those come from the seed. InputError names what
// is missing.
std::unique_ptr<const NoiseSource> read_noise(const std::filesystem::path& path, uint64_t seed);

}  // namespace longtake::generator
