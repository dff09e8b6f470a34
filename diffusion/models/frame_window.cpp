#include "diffusion/models/frame_window.h"

#include "core/error.h"

#include <cstring>

namespace longtake::diffusion {

FrameWindow::FrameWindow(const Shape& frame, int64_t past, int64_t most, DType dtype, Device device)
    : past_(past), most_(most) {
    // On the GPU a multiple of `most`, so that fresh frames never lie astride its end.
    const int64_t frames =
        device == Device::Cpu ? past + most : (past + 2 * most - 1) / most * most;
    ring_ = Tensor(frame.with(0, frames), dtype, device);
    clear();
}

FrameWindow::FrameWindow(const Past& past)
    : FrameWindow(past.frames.shape().with(0, 1), past.frames.extent(0), past.most,
                  past.frames.dtype(), past.frames.device()) {
    restore(past);
}

Tensor FrameWindow::fresh(int64_t frames) {
    const int64_t all = ring_.extent(0);
    if (untouched_ && ring_.device() != Device::Cpu) {
        first_ = all - frames - past_;
    }
    untouched_ = false;
    fresh_ = frames;
    const int64_t at = (first_ + past_) % all;
    return ring_.slice(at, at + frames);
}

void FrameWindow::advance() {
    if (ring_.device() == Device::Cpu) {
        const Tensor newest = ring_.slice(fresh_, fresh_ + past_);
        std::memmove(ring_.raw(), newest.raw(), newest.bytes());
    } else {
        first_ = (first_ + fresh_) % ring_.extent(0);
    }
}

void FrameWindow::clear() {
    clear_bytes(ring_.raw(), ring_.device(), ring_.bytes(), nullptr);
    synchronize(ring_.device(), nullptr);
    first_ = 0;
    untouched_ = true;
}

Tensor FrameWindow::frame(int64_t i) const {
    const int64_t at = (first_ + i) % ring_.extent(0);
    return ring_.slice(at, at + 1);
}

void FrameWindow::copy_frame(const Tensor& from, const Tensor& to) const {
    copy_bytes(Tensor(to).raw(), to.device(), from.raw(), from.device(), to.bytes());
}

FrameWindow::Past FrameWindow::past() const {
    Tensor frames(ring_.shape().with(0, past_), ring_.dtype(), ring_.device());
    for (int64_t i = 0; i < past_; ++i) {
        copy_frame(frame(i), frames.slice(i, i + 1));
    }
    return {frames, most_};
}

void FrameWindow::restore(const Past& past) {
    check(past.most == most_ && past.frames.dtype() == ring_.dtype() &&
              past.frames.shape() == ring_.shape().with(0, past_),
          "frames {} of the past for a window of {}", past.frames.shape().str(),
          ring_.shape().str());
    first_ = ring_.device() == Device::Cpu ? 0 : ring_.extent(0) - past_;
    untouched_ = false;
    for (int64_t i = 0; i < past_; ++i) {
        copy_frame(past.frames.slice(i, i + 1), frame(i));
    }
}

}  // namespace longtake::diffusion
