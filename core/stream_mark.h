#pragma once

#include "core/device.h"

#include <memory>

namespace longtake {

// A place in the work of a stream of `device`, set again and again; the caller waits for what was
// queued before it. On the CPU that is done.
class StreamMark {
  public:
    explicit StreamMark(Device device);
    void set(GpuStream stream);
    void wait() const;

  private:
    std::shared_ptr<void> event_;  // none on the CPU
};

}  // namespace longtake
