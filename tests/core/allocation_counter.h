#pragma once

#include <cstddef>

namespace longtake {

// Counts the heap allocations (malloc and its family, operator new) that all threads make while it
// lives and that ask for at least `min_bytes`. One at a time. A test executable that uses it lists
// tests/core/allocation_counter.cpp among its sources.
class AllocationCounter {
  public:
    explicit AllocationCounter(size_t min_bytes = 0);
    ~AllocationCounter();
    AllocationCounter(const AllocationCounter&) = delete;
    AllocationCounter& operator=(const AllocationCounter&) = delete;

    size_t count() const;
    size_t bytes() const;
};

}  // namespace longtake
