#pragma once

#include "core/tensor.h"
#include "diffusion/ops/workspace.h"

#include <memory>

namespace longtake::diffusion {

// Latents on their way to a GPU and frames on their way back, through host memory that the device
// copies to and from while the program goes on. Allocates only for sizes larger than before.
class FrameStaging {
  public:
    virtual ~FrameStaging() = default;
    // latents fp32 of either device, complete -> the same on the GPU, queued.
    virtual Tensor upload(const Tensor& latents) = 0;
    // Room on the GPU for frames uint8, from here on until `collect`.
    virtual Tensor room(const Shape& frames) = 0;
    // Queues the way home of frames [begin, end) of the room.
    virtual void send(int64_t begin, int64_t end) = 0;
    // Waits for what was sent, and puts it into frames, in host memory.
    virtual void collect(Tensor& frames) = 0;
    // What is queued on `other` from here on waits for what was sent.
    virtual void precede(GpuStream other) = 0;
};

// On the stream of the workspace, which must outlive it.
std::unique_ptr<FrameStaging> make_frame_staging_cuda(Workspace& workspace);

}  // namespace longtake::diffusion
