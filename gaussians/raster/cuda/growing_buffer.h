#pragma once

#include "core/device.h"

#include <cstddef>
#include <memory>

namespace longtake::gaussians::cuda {

// Memory of the GPU that is kept from picture to picture and only grows, with some to spare, so
// that soon nothing is allocated any more. Growing loses what was there.
class GrowingBuffer {
  public:
    void* at_least(size_t bytes) {
        if (bytes > bytes_ || memory_ == nullptr) {
            memory_.reset();  // waits for work that uses it
            bytes_ = 0;
            const size_t wanted = bytes + bytes / 4;
            memory_ = allocate(wanted, Device::Cuda);
            bytes_ = wanted;
        }
        return memory_.get();
    }
    template <typename T> T* at_least(size_t count) {
        return static_cast<T*>(at_least(count * sizeof(T)));
    }
    void* data() const { return memory_.get(); }
    size_t bytes() const { return bytes_; }

  private:
    std::shared_ptr<void> memory_;
    size_t bytes_ = 0;
};

}  // namespace longtake::gaussians::cuda
