#pragma once

#include "core/device.h"

#include <memory>

namespace longtake::generator {

// On the GPU: copies beside the work of a stream, with numbered marks to wait for. On the CPU
// copies are done when they are asked for, and there is nothing to wait for.
class CopyQueue {
  public:
    CopyQueue(Device device, GpuStream beside, int marks);
    ~CopyQueue();
    CopyQueue(const CopyQueue&) = delete;
    CopyQueue& operator=(const CopyQueue&) = delete;

    GpuStream stream() const;
    // What is queued from now on waits for the work that the stream beside has so far.
    void follow();
    // `mark` is reached when what was queued so far is done; it may be set again and again.
    void set(int mark);
    // The work of the stream beside goes on when the mark is reached.
    void work_waits(int mark);
    // The caller does.
    void wait(int mark);

  private:
    struct OnGpu;
    std::unique_ptr<OnGpu> gpu_;  // none on the CPU
};

}  // namespace longtake::generator
