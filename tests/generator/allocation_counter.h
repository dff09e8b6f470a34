#pragma once

#include <cstddef>

namespace longtake {

// How often this executable has called operator new.
size_t allocations();

// How many of them have not been freed.
size_t live_allocations();

// How often our code has asked CUDA for memory, of the GPU or pinned. Of a build with CUDA.
size_t cuda_allocations();

}  // namespace longtake
