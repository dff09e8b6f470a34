#include "diffusion/models/wan_vae_stream.h"

#include "core/error.h"
#include "diffusion/models/latent_grid.h"

namespace longtake::diffusion {

WanVaeStream::WanVaeStream(DType compute, Device device)
    : compute_(compute), workspace_(device, true), arena_(device) {}

void WanVaeStream::reset() {
    workspace_.synchronize();
    latents_ = 0;
    for (auto& [layer, window] : windows_) {
        window.clear();
    }
}

int64_t WanVaeStream::frames(int64_t latents) const {
    return kLatentFrames * latents - (latents_ == 0 && latents > 0 ? kLatentFrames - 1 : 0);
}

WanVaeStream::Snapshot WanVaeStream::snapshot() const {
    workspace_.synchronize();
    Snapshot copy{latents_, {}};
    for (const auto& [layer, window] : windows_) {
        copy.pasts.emplace(layer, window.past());
    }
    return copy;
}

void WanVaeStream::restore(const Snapshot& snapshot) {
    reset();
    latents_ = snapshot.latents;
    for (const auto& [layer, past] : snapshot.pasts) {
        const auto [at, made] = windows_.try_emplace(layer, past);
        if (!made) {
            at->second.restore(past);
        }
    }
}

FrameWindow& WanVaeStream::window(const void* layer, const Shape& frame, int64_t past,
                                  int64_t most) {
    auto at = windows_.find(layer);
    if (at == windows_.end()) {
        at = windows_.try_emplace(layer, frame, past, most, compute_, device()).first;
    }
    check(at->second.ring().shape().with(0, 1) == frame, "wan vae: frames {} in a stream of {}",
          frame.str(), at->second.ring().shape().str());
    return at->second;
}

Conv2d::Plan& WanVaeStream::plan(const Conv2d& conv, int64_t frames, int64_t height,
                                 int64_t width) {
    auto& plan = plans_[{&conv, frames, height, width}];
    if (plan == nullptr) {
        plan = conv.plan(frames, height, width);
    }
    return *plan;
}

}  // namespace longtake::diffusion
