#pragma once

#include "core/tensor.h"

#include <memory>
#include <vector>

namespace longtake::interactive {

// Copies of frames where they were made. A copy's memory is used again when nobody holds it any
// more, so that nothing is allocated in the steady state. One thread; those who hold copies may be
// others.
class FrameStore {
  public:
    // Done when it returns; of frames that are complete.
    Tensor keep(const Tensor& frames);
    size_t blocks() const { return blocks_.size(); }

  private:
    struct Block {
        std::shared_ptr<void> memory;
        Device device;
        size_t bytes;
    };
    std::vector<Block> blocks_;
};

}  // namespace longtake::interactive
