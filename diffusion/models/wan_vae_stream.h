#pragma once

#include "core/arena.h"
#include "core/tensor.h"
#include "diffusion/models/frame_window.h"
#include "diffusion/ops/conv2d.h"

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>

namespace longtake::diffusion {

// One clip on its way through a Wan decoder or encoder: the past of every layer that has one, and
// every buffer and plan for its size. Belongs to a session, is for one decoder or encoder, which
// must outlive it, and for frames of one size. Work on a GPU is queued on the stream of its
// workspace.
class WanVaeStream {
  public:
    struct Snapshot {
        int64_t latents;
        std::map<const void*, FrameWindow::Past> pasts;  // by layer
    };

    explicit WanVaeStream(DType compute = DType::F32, Device device = Device::Cpu);

    void reset();
    int64_t latents() const { return latents_; }  // done so far
    // How many frames the next `latents` latents are.
    int64_t frames(int64_t latents) const;
    Snapshot snapshot() const;
    void restore(const Snapshot& snapshot);
    Workspace& workspace() { return workspace_; }

    // What follows is for the layers.
    DType compute() const { return compute_; }
    Device device() const { return workspace_.device(); }
    GpuStream queue() const { return workspace_.stream(); }
    Arena& arena() { return arena_; }
    Tensor make(const Shape& shape) { return arena_.allocate(shape, compute_); }
    // The window of `layer`, over `past` frames and up to `most` more like `frame` [1, H, W, C].
    FrameWindow& window(const void* layer, const Shape& frame, int64_t past, int64_t most);
    Conv2d::Plan& plan(const Conv2d& conv, int64_t frames, int64_t height, int64_t width);
    void next_latent() { ++latents_; }

  private:
    int64_t latents_ = 0;
    DType compute_;
    Workspace workspace_;
    Arena arena_;
    std::map<const void*, FrameWindow> windows_;
    std::map<std::tuple<const Conv2d*, int64_t, int64_t, int64_t>, std::unique_ptr<Conv2d::Plan>>
        plans_;
};

}  // namespace longtake::diffusion
