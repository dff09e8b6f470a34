#pragma once

#include <cstddef>

// What this executable's own code has asked of CUDA's runtime. Of a build with CUDA.
namespace longtake {

// How often it asked for memory, of the GPU or pinned.
size_t cuda_allocations();

// How many bytes it has had copied from the GPU to the host.
size_t cuda_bytes_to_host();

}  // namespace longtake
