#include "generator/latent_history.h"

#include "core/error.h"

#include <algorithm>

namespace longtake::generator {
namespace {

void copy(const Tensor& from, Tensor to, GpuStream stream) {
    copy_bytes(to.raw(), to.device(), from.raw(), from.device(), from.bytes(), stream);
}

}  // namespace

LatentHistory::LatentHistory(int64_t capacity, const Tensor& frame, GpuStream stream)
    : frames_(frame.shape().with(0, capacity), frame.dtype(), frame.device()), stream_(stream) {}

void LatentHistory::append(const Tensor& latents) {
    if (frames_.empty()) {
        return;
    }
    const int64_t capacity = frames_.extent(0);
    const int64_t fresh = std::min(latents.extent(0), capacity);
    const int64_t kept = std::min(count_, capacity - fresh);
    for (int64_t f = 0; f < kept; ++f) {  // one by one: old and new places overlap
        const int64_t from = count_ - kept + f;
        if (from != f) {
            copy(frames_.slice(from, from + 1), frames_.slice(f, f + 1), stream_);
        }
    }
    count_ = kept + fresh;
    copy(latents.slice(latents.extent(0) - fresh, latents.extent(0)), frames_.slice(kept, count_),
         stream_);
}

Tensor LatentHistory::newest(int64_t frames) const {
    check(frames <= count_, "{} latents of {} in the history", frames, count_);
    return frames_.slice(count_ - frames, count_);
}

void LatentHistory::replace(int64_t frames, const Tensor& latent) {
    const Tensor old = newest(frames).slice(0, 1);
    check(latent.shape() == old.shape(), "latents {} in a history of {}", latent.shape().str(),
          old.shape().str());
    copy(latent, old, stream_);
    synchronize(old.device(), stream_);  // the latent may go
}

void LatentHistory::copy_from(const LatentHistory& other) {
    count_ = other.count_;
    if (count_ > 0) {
        copy(other.newest(count_), frames_.slice(0, count_), stream_);
    }
}

LatentHistory LatentHistory::clone() const {
    LatentHistory result;
    if (!frames_.empty()) {
        result = LatentHistory(frames_.extent(0), frames_.slice(0, 1), stream_);
        result.copy_from(*this);
        synchronize(frames_.device(), stream_);
    }
    return result;
}

}  // namespace longtake::generator
