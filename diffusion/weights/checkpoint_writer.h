#pragma once

#include "core/safetensors.h"
#include "diffusion/weights/weight_map.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

namespace longtake::diffusion {

// How a checkpoint is written: its floating-point tensors in `dtype`, or as they are. F8E4M3 is for
// the matrices of the blocks, with a scale per row (scaled_fp8.h); the rest becomes BF16.
struct CheckpointFormat {
    std::optional<DType> dtype;
    // Called with the bytes of each tensor read; what it throws ends the work.
    std::function<void(int64_t bytes)> progress = [](int64_t) {};
};

// Writes `weights` under their names to one .safetensors file, one tensor at a time in memory. The
// file appears whole or not at all. Throws InputError, naming the tensor, for values that the type
// cannot hold and for weights that are fp8 already where another fp8 file would lose precision.
void write_checkpoint(const WeightMap& weights, const std::filesystem::path& path,
                      const CheckpointFormat& format);

}  // namespace longtake::diffusion
