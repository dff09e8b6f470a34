#pragma once

#include "core/tensor.h"

#include <cstddef>
#include <memory>

namespace longtake::diffusion {

// What a session lends to the ops: scratch memory that only grows and prepared library
// primitives. Ops allocate nothing themselves once every size has been seen. One per session:
// it must not be used by two threads at a time.
class Workspace {
  public:
    Workspace();
    ~Workspace();
    Workspace(Workspace&&) noexcept;
    Workspace& operator=(Workspace&&) noexcept;

    // 64-byte aligned; the contents last until the next call.
    void* scratch(size_t bytes);
    size_t scratch_bytes() const { return scratch_.empty() ? 0 : scratch_.bytes(); }

    class Primitives;  // per back end, see linear_cpu.cpp
    Primitives& primitives() { return *primitives_; }

  private:
    Tensor scratch_;
    std::unique_ptr<Primitives> primitives_;
};

}  // namespace longtake::diffusion
