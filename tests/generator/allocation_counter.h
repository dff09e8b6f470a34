#pragma once

#include <cstddef>

namespace longtake {

// How often this executable has called operator new.
size_t allocations();

}  // namespace longtake
