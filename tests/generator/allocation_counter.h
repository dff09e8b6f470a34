#pragma once

#include <cstddef>

namespace longtake {

// How often this executable has called operator new.
size_t allocations();

// How many of them have not been freed.
size_t live_allocations();

}  // namespace longtake
