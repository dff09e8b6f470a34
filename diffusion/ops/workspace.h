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
    void* scratch(size_t bytes) { return room_for(scratch_, bytes); }
    // The same, apart, for an op that converts and calls another one.
    void* conversion(size_t bytes) { return room_for(conversion_, bytes); }

    class Primitives;  // per back end, see linear_cpu_onednn.cpp
    Primitives& primitives() { return *primitives_; }

  private:
    static void* room_for(Tensor& buffer, size_t bytes);

    Tensor scratch_, conversion_;
    std::unique_ptr<Primitives> primitives_;
};

}  // namespace longtake::diffusion
